package dev.millrace.streams.processor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.SourcePosition;
import dev.millrace.records.SourceRecord;
import java.util.List;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

class EnvelopeCodecTest {
  private static final PendingId ID = new PendingId("t", 2, 7);
  private static final Restarts RESTARTS =
      new Restarts(2, 3, 1, Restarts.Trial.ALONE, List.of(-9L, 4L));

  @Test
  void shouldReadWhatItWrote() {
    RecordHeaders headers = new RecordHeaders();
    headers.add("a", new byte[] {1}).add("a", null).add("é", new byte[0]);
    Envelope envelope =
        new Envelope(
            new SourceRecord(
                new SourcePosition("tópic", 3, 14), 5, null, headers, new byte[] {9, 8}),
            6,
            7,
            -12,
            RESTARTS);

    byte[] bytes = EnvelopeCodec.encode(envelope);
    Envelope read = EnvelopeCodec.decode(new PendingId("tópic", 3, 14), bytes);

    assertThat(bytes).hasSize((int) EnvelopeCodec.sizeBesideValue("tópic", null, headers) + 2);
    assertThat(read.record().position()).isEqualTo(new SourcePosition("tópic", 3, 14));
    assertThat(read.record().timestamp()).isEqualTo(5);
    assertThat(read.firstSeenMillis()).isEqualTo(6);
    assertThat(read.attempts()).isEqualTo(7);
    assertThat(read.plan()).isEqualTo(-12);
    assertThat(read.restarts()).isEqualTo(RESTARTS);
    assertThat(read.record().key()).isNull();
    assertThat(read.record().headers()).isEqualTo(headers);
    assertThat(read.record().value()).containsExactly(9, 8);
  }

  @Test
  void shouldReadTheGoldenBytesOfVersionOne() {
    String golden =
        "01"
            + "00000002"
            + "0000000000000006"
            + "0000000000000005"
            + "0000000174"
            + "000000016b"
            + "00000001"
            + "0000000168"
            + "ffffffff"
            + "0000000276"
            + "77";

    Envelope read = EnvelopeCodec.decode(ID, java.util.HexFormat.of().parseHex(golden));

    assertThat(read.record().position()).isEqualTo(ID.position());
    assertThat(read.attempts()).isEqualTo(2);
    assertThat(read.restarts()).isEqualTo(Restarts.unknown());
    assertThat(read.record().key()).containsExactly('k');
    assertThat(read.record().headers().lastHeader("h").value()).isNull();
    assertThat(read.record().value()).containsExactly('v', 'w');
  }

  @Test
  void shouldReadTheGoldenBytesOfVersionTwo() {
    String golden =
        "02"
            + "00000002"
            + "00000003"
            + "01"
            + "0000000000000007"
            + "0000000000000006"
            + "0000000000000005"
            + "0000000174"
            + "000000016b"
            + "00000000"
            + "0000000276"
            + "77";

    Envelope read = EnvelopeCodec.decode(ID, java.util.HexFormat.of().parseHex(golden));

    assertThat(read.restarts()).isEqualTo(Restarts.none(7));
    assertThat(read.plan()).isEqualTo(Envelope.UNKNOWN_PLAN);
    assertThat(read.planDiffers(5)).isFalse();
    assertThat(read.record().value()).containsExactly('v', 'w');
  }

  @Test
  void shouldReadTheGoldenBytesOfVersionThree() {
    String golden =
        "03"
            + "00000002"
            + "00000003"
            + "01"
            + "0000000000000007"
            + "0000000000000009"
            + "0000000000000006"
            + "0000000000000005"
            + "0000000174"
            + "000000016b"
            + "00000000"
            + "0000000276"
            + "77";
    byte[] bytes = java.util.HexFormat.of().parseHex(golden);

    Envelope read = EnvelopeCodec.decode(ID, bytes);

    assertThat(read.restarts()).isEqualTo(Restarts.none(7));
    assertThat(read.plan()).isEqualTo(9);
    assertThat(read.planDiffers(9)).isFalse();
    assertThat(read.planDiffers(10)).isTrue();
    assertThat(read.record().value()).containsExactly('v', 'w');
  }

  @Test
  void shouldReadAndWriteTheGoldenBytesOfVersionFour() {
    String golden =
        "04"
            + "00000002"
            + "00000002"
            + "00000003"
            + "00000001"
            + "02"
            + "02"
            + "fffffffffffffff7"
            + "0000000000000004"
            + "0000000000000000"
            + "0000000000000000"
            + "0000000000000000"
            + "0000000a"
            + "4e554c4c5f56414c5545"
            + "0000000000000009"
            + "0000000000000006"
            + "0000000000000005"
            + "0000000174"
            + "000000016b"
            + "00000000"
            + "0000000276"
            + "77";
    byte[] bytes = java.util.HexFormat.of().parseHex(golden);

    Envelope read = EnvelopeCodec.decode(ID, bytes);

    assertThat(read.restarts()).isEqualTo(RESTARTS);
    assertThat(read.rejected()).isEqualTo(RejectReason.NULL_VALUE);
    assertThat(read.plan()).isEqualTo(9);
    assertThat(read.record().value()).containsExactly('v', 'w');
    assertThat(EnvelopeCodec.encode(read)).isEqualTo(bytes);
  }

  @Test
  void shouldRefuseATrialAndACountThatThereAreNot() {
    byte[] bytes =
        EnvelopeCodec.encode(
            new Envelope(
                new SourceRecord(ID.position(), 5, null, new RecordHeaders(), new byte[] {9}),
                6,
                7,
                8,
                RESTARTS));
    byte[] trial = bytes.clone();
    trial[17] = 3;
    byte[] processes = bytes.clone();
    processes[18] = 6;

    assertThatThrownBy(() -> EnvelopeCodec.decode(ID, trial)).hasMessageContaining("trial 3");
    assertThatThrownBy(() -> EnvelopeCodec.decode(ID, processes))
        .hasMessageContaining("6 processes, at most 5");
  }

  @Test
  void shouldRefuseEveryCutAndAVersionOfTheFuture() {
    byte[] bytes =
        EnvelopeCodec.encode(
            new Envelope(
                new SourceRecord(
                    ID.position(), 5, new byte[] {1}, new RecordHeaders(), new byte[] {9}),
                6,
                7,
                8,
                Restarts.none(3)));
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = java.util.Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> EnvelopeCodec.decode(ID, cut))
          .as("cut to %d bytes", length)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("cannot read a pending document");
    }
    bytes[0] = 5;
    assertThatThrownBy(() -> EnvelopeCodec.decode(ID, bytes)).hasMessageContaining("version 5");
  }
}

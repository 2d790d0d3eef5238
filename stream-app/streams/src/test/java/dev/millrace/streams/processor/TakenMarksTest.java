package dev.millrace.streams.processor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.operations.config.TopicSelection;
import dev.millrace.records.SourcePosition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;

class TakenMarksTest {
  private static final Uuid DOCUMENTS = new Uuid(1, 2);
  private static final Uuid ENRICHED = new Uuid(3, 4);
  private static final List<String> NAMES = List.of("documents", "enriched");

  private final KeyValueStore<byte[], byte[]> store =
      Stores.keyValueStoreBuilder(
              Stores.inMemoryKeyValueStore("pending"), Serdes.ByteArray(), Serdes.ByteArray())
          .withLoggingDisabled()
          .build();
  private Intake intake = new Intake(Taken.SKIP);
  private final Set<SourcePosition> pending = new HashSet<>();
  private TakenMarks marks;
  private int written;

  TakenMarksTest() {
    store.init(new MockProcessorContext<Void, Void>().getStateStoreContext(), store);
    this.marks = open();
  }

  private TakenMarks open() {
    TakenMarks opened = new TakenMarks(store, intake, NAMES);
    pending.forEach(opened::pending);
    return opened;
  }

  private static SourcePosition at(long offset) {
    return new SourcePosition("documents", 0, offset);
  }

  private List<TakenMark> stored() {
    List<TakenMark> found = new ArrayList<>();
    try (KeyValueIterator<byte[], byte[]> all = store.all()) {
      all.forEachRemaining(each -> found.add(TakenMark.of(each.value)));
    }
    return found;
  }

  @Test
  void shouldKnowAfterEachRestartWhatWasTaken() {
    long seed = 20261201;
    Random random = new Random(seed);
    long next = 0;
    List<SourcePosition> open = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      switch (random.nextInt(5)) {
        case 0, 1 -> {
          next += random.nextInt(3);
          assertThat(marks.skips(at(next), 7)).as("seed %d, step %d", seed, i).isZero();
          marks.taken(at(next), 7);
          if (random.nextInt(4) == 0) {
            marks.left(at(next));
          } else {
            open.add(at(next));
            pending.add(at(next));
          }
          next++;
        }
        case 2, 3 -> {
          if (!open.isEmpty()) {
            SourcePosition done = open.remove(random.nextInt(open.size()));
            pending.remove(done);
            marks.left(done);
          }
        }
        default -> {
          marks = open();
          assertThat(marks.skips(at(next), 7)).as("seed %d, step %d", seed, i).isZero();
          if (next > 0) {
            long earlier = random.nextLong(next);
            assertThat(marks.skips(at(earlier), 7)).as("seed %d, step %d", seed, i).isEqualTo(next);
          }
        }
      }
    }
  }

  @Test
  void shouldSeldomWriteUnderLoad() {
    for (int i = 0; i < 1000; i++) {
      marks.taken(at(i), 7);
      if (i >= 50) {
        marks.left(at(i - 50));
      }
      count();
    }

    assertThat(written).isEqualTo(1);
  }

  private List<TakenMark> latest = List.of();

  private void count() {
    List<TakenMark> now = stored();
    if (!now.equals(latest)) {
      written++;
      latest = now;
    }
  }

  @Test
  void shouldTakeWhatWasTakenBeforeIfToldSo() {
    marks.taken(at(9), 7);
    marks.left(at(9));
    intake = new Intake(Taken.AGAIN);
    marks = open();

    assertThat(marks.skips(at(3), 7)).isZero();
    assertThat(marks.taken(at(3), 7)).isFalse();
    marks.left(at(3));

    assertThat(stored()).containsExactly(new TakenMark(10, 7, Map.of()));
  }

  @Test
  void shouldTakeADocumentThatCameInThePlaceOfALostOne() {
    for (int i = 0; i < 10; i++) {
      marks.taken(at(i), 7);
      marks.left(at(i));
    }
    marks = open();

    assertThat(marks.skips(at(3), 7)).as("the same record").isEqualTo(10);
    assertThat(marks.skips(at(3), TakenMark.UNKNOWN_EPOCH)).as("not known").isEqualTo(10);
    assertThat(marks.skips(at(3), 8)).as("written by a later leader").isZero();
    assertThat(marks.taken(at(3), 8)).isTrue();
    marks = open();
    assertThat(marks.skips(at(3), 8)).isEqualTo(4);
    assertThat(marks.skips(at(4), 8)).isZero();
  }

  @Test
  void shouldNotMistakeALaterLeaderForALostLog() {
    marks.taken(at(0), 7);
    marks.taken(at(1), 8);
    marks = open();
    pending.add(at(1));
    marks = open();

    assertThat(marks.skips(at(1), 8)).isEqualTo(2);
    assertThat(marks.skips(at(0), 7)).isEqualTo(2);
  }

  @Test
  void shouldTellWhichTopicsAreOthers() {
    intake.seen("documents", DOCUMENTS);
    intake.seen("enriched", ENRICHED);
    intake.seen("another input", new Uuid(5, 6));
    marks.taken(at(0), 7);
    marks.left(at(0));
    assertThat(stored())
        .containsExactly(new TakenMark(1, 7, Map.of("documents", DOCUMENTS, "enriched", ENRICHED)));

    intake = new Intake(Taken.SKIP);
    intake.seen("documents", DOCUMENTS);
    intake.seen("enriched", new Uuid(9, 9));
    marks = open();
    List<String> found = new ArrayList<>();
    marks.compare((name, id) -> found.add(name + " " + id));
    assertThat(found).containsExactly("enriched " + ENRICHED);

    marks.taken(at(1), 7);
    marks.left(at(1));
    assertThat(stored().getFirst().topics())
        .as("told again at the next start")
        .containsEntry("enriched", ENRICHED);
  }

  @Test
  void shouldNotKnowWhatAnEarlierVersionTook() {
    pending.add(at(5));
    marks = open();

    assertThat(marks.skips(at(4), 7)).isZero();
  }

  @Test
  void shouldReadAndWriteTheGoldenBytesOfVersionOne() {
    String golden =
        "01" // version
            + "0000000000000007"
            + "00000003"
            + "00000001"
            + "0000000000000001"
            + "0000000000000002"
            + "00000001"
            + "64";
    byte[] bytes = HexFormat.of().parseHex(golden);

    TakenMark mark = TakenMark.of(bytes);

    assertThat(mark).isEqualTo(new TakenMark(7, 3, Map.of("d", DOCUMENTS)));
    assertThat(mark.bytes()).isEqualTo(bytes);
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> TakenMark.of(cut))
          .as("cut to %d bytes", length)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("how far documents were taken");
    }
    bytes[0] = 2;
    assertThatThrownBy(() -> TakenMark.of(bytes)).hasMessageContaining("version 2");
  }

  @Test
  void shouldKeepItsKeysApartFromThoseOfDocuments() {
    TakenMark.Partition partition = new TakenMark.Partition("tópic", 5);
    byte[] key = TakenMark.key(partition);
    TreeSet<byte[]> order = new TreeSet<>(Arrays::compareUnsigned);
    order.add(key);
    byte[] document =
        new PendingKeys(TopicSelection.named("in"))
            .bytes(new PendingId("in", Integer.MAX_VALUE, Long.MAX_VALUE));
    order.add(document);
    order.add(PendingKeys.FIRST);
    order.add(PendingKeys.LAST);
    order.add(TakenMark.firstKey());
    order.add(TakenMark.lastKey());

    assertThat(order)
        .containsExactly(
            PendingKeys.FIRST,
            document,
            PendingKeys.LAST,
            TakenMark.firstKey(),
            key,
            TakenMark.lastKey());
    assertThat(TakenMark.partition(key)).isEqualTo(partition);
    assertThat(TakenMark.isKey(key)).isTrue();
    assertThat(TakenMark.isReserved(document)).isFalse();
  }

  @Test
  void shouldKnowTheEpochOfTheRecordThatIsProcessed() {
    LeaderEpochs epochs = new LeaderEpochs();
    for (int offset = 0; offset < 6; offset++) {
      epochs.read(record(offset, Optional.of(offset < 3 ? 4 : 5)));
    }
    assertThat(epochs.of(at(0))).isEqualTo(4);
    assertThat(epochs.of(at(2))).isEqualTo(4);
    assertThat(epochs.of(at(4))).isEqualTo(5);
    epochs.read(record(0, Optional.of(6)));
    epochs.read(record(1, Optional.empty()));
    assertThat(epochs.of(at(0))).isEqualTo(6);
    assertThat(epochs.of(at(1))).isEqualTo(TakenMark.UNKNOWN_EPOCH);
    assertThat(epochs.of(new SourcePosition("other", 0, 0))).isEqualTo(TakenMark.UNKNOWN_EPOCH);
  }

  private static ConsumerRecord<byte[], byte[]> record(long offset, Optional<Integer> epoch) {
    return new ConsumerRecord<>(
        "documents",
        0,
        offset,
        0,
        TimestampType.CREATE_TIME,
        0,
        0,
        null,
        new byte[0],
        new RecordHeaders(),
        epoch);
  }
}

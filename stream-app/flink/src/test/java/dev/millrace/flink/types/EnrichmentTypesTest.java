package dev.millrace.flink.types;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.enrichment.Answers;
import dev.millrace.enrichment.Answers.Classification;
import dev.millrace.enrichment.Answers.Likeliest;
import dev.millrace.enrichment.Answers.Safety;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Enrichment.DocumentLanguage.Basis;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import java.io.IOException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class EnrichmentTypesTest {
  private static final Document DOCUMENT =
      new Document(
          "d1",
          "Größe 😀 " + "x".repeat(70_000),
          "de",
          "title",
          "mail",
          "t1",
          Map.of("a", "b"),
          Instant.ofEpochSecond(1, 5));

  private static final Enrichment ENRICHMENT =
      new Enrichment(
          DOCUMENT,
          "ab".repeat(32),
          Optional.of(new Enrichment.SourcePosition("docs", 3, 14)),
          new Enrichment.DocumentLanguage("de", Basis.DETECTED),
          new Answers(
              Optional.of("short"),
              Map.of("brief", "text"),
              Optional.of(
                  Classification.ofOne(
                      new Likeliest("bill", 0.75, 0.5),
                      ordered("bill", 0.75, "other", 0.25),
                      false)),
              Map.of("tone", Classification.ofAny(List.of("kind"), Map.of("kind", 0.5))),
              Map.of("it", "testo"),
              Optional.of(
                  new Safety(
                      List.of(
                          new Safety.Check(
                              "safety", Safety.DOCUMENT, "p1", false, List.of("S2"), 0.9))))),
          List.of(new Enrichment.Warning(Enrichment.Warning.Code.ANSWER_CUT, "summary")),
          new Enrichment.Coverage(10, List.of(new Enrichment.Span(0, 5)), 0.5),
          new Enrichment.Usage(
              1, 2, 3, 4, 5, 6, 7, OptionalDouble.of(0.125), OptionalDouble.empty()),
          new Enrichment.Provenance(
              "v1",
              "build",
              Map.of("main", new Enrichment.Model("m", "digest", "none", "cpu/f32", "", "exact")),
              Map.of("summary", new Enrichment.AskedTask("main", "", "0123"))),
          2,
          Instant.ofEpochMilli(1_700_000_000_123L));

  private static Map<String, Double> ordered(String one, double p, String other, double q) {
    Map<String, Double> map = new LinkedHashMap<>();
    map.put(one, p);
    map.put(other, q);
    return Collections.unmodifiableMap(map);
  }

  private static <T> TypeSerializer<T> serializer(TypeInformation<T> type) {
    return type.createSerializer(new SerializerConfigImpl());
  }

  private static <T> byte[] bytes(TypeInformation<T> type, T value) throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(16);
    serializer(type).serialize(value, out);
    return out.getCopyOfBuffer();
  }

  private static <T> T read(TypeInformation<T> type, byte[] bytes) throws IOException {
    DataInputDeserializer in = new DataInputDeserializer(bytes);
    T value = serializer(type).deserialize(in);
    assertThat(in.available()).isZero();
    return value;
  }

  @Test
  void shouldReadEachOutcomeThatItWrote() throws IOException {
    for (Outcome outcome :
        List.of(
            new Outcome.Enriched(ENRICHMENT),
            new Outcome.Quarantined(ENRICHMENT.withoutMeasurements()),
            new Outcome.Rejected(RejectReason.TOO_LONG, "found against expected"),
            new Outcome.Deleted(true))) {
      assertThat(read(EnrichmentTypes.OUTCOME, bytes(EnrichmentTypes.OUTCOME, outcome)))
          .isEqualTo(outcome);
    }
    Enrichment read =
        ((Outcome.Enriched)
                read(
                    EnrichmentTypes.OUTCOME,
                    bytes(EnrichmentTypes.OUTCOME, new Outcome.Enriched(ENRICHMENT))))
            .enrichment();
    assertThat(read.classification().orElseThrow().distribution().keySet())
        .containsExactly("bill", "other");
  }

  /** Part of checkpoints: a build that writes others must read these, too. */
  @Test
  void shouldKeepTheGoldenBytes() throws Exception {
    assertThat(
            HexFormat.of().formatHex(bytes(EnrichmentTypes.DOCUMENT, Document.of("id", "ä", "en"))))
        .isEqualTo(
            "01"
                + "000000026964"
                + "00000002c3a4"
                + "00000002656e"
                + "00000000".repeat(3)
                + "00000000"
                + "0000000000000000"
                + "00000000");
    assertThat(
            HexFormat.of()
                .formatHex(
                    bytes(
                        EnrichmentTypes.OUTCOME, new Outcome.Rejected(RejectReason.DEADLINE, "m"))))
        .isEqualTo("01" + "02" + "00000008" + "444541444c494e45" + "00000001" + "6d");
    byte[] enriched = bytes(EnrichmentTypes.OUTCOME, new Outcome.Enriched(ENRICHMENT));
    assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(enriched)))
        .isEqualTo("3278a981fef81deb1afaae6e0397a6a9af2bdca4a94dfe093241ae95ae9b6917");
  }

  @Test
  void shouldCopyBytesAsTheyAre() throws IOException {
    byte[] bytes = bytes(EnrichmentTypes.OUTCOME, new Outcome.Enriched(ENRICHMENT));
    DataOutputSerializer copy = new DataOutputSerializer(16);

    serializer(EnrichmentTypes.OUTCOME).copy(new DataInputDeserializer(bytes), copy);

    assertThat(copy.getCopyOfBuffer()).isEqualTo(bytes);
  }

  @Test
  void shouldRefuseWhatItDoesNotKnow() throws IOException {
    byte[] later = bytes(EnrichmentTypes.OUTCOME, new Outcome.Deleted(false));
    byte[] other = later.clone();
    later[0] = 2;
    other[1] = 9;

    assertThatThrownBy(() -> read(EnrichmentTypes.OUTCOME, later))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("version 2, this build reads up to 1");
    assertThatThrownBy(() -> read(EnrichmentTypes.OUTCOME, other))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected kind 0 to 3, found 9");
  }

  /** What a savepoint of this build says of its serializers must be understood later. */
  @Test
  void shouldFindTheSerializerOfASavepoint() throws IOException {
    for (TypeInformation<?> type :
        Arrays.asList(EnrichmentTypes.DOCUMENT, EnrichmentTypes.OUTCOME)) {
      TypeSerializer<?> serializer = serializer(type);
      DataOutputSerializer out = new DataOutputSerializer(16);
      TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration());

      TypeSerializerSnapshot<?> found =
          TypeSerializerSnapshot.readVersionedSnapshot(
              new DataInputDeserializer(out.getCopyOfBuffer()), getClass().getClassLoader());

      assertThat(found.restoreSerializer()).isEqualTo(serializer);
    }
    assertThat(serializer(EnrichmentTypes.OUTCOME).snapshotConfiguration().getClass().getName())
        .isEqualTo("dev.millrace.flink.types.OutcomeSerializer$Snapshot");
    assertThat(serializer(EnrichmentTypes.DOCUMENT).snapshotConfiguration().getClass().getName())
        .isEqualTo("dev.millrace.flink.types.DocumentSerializer$Snapshot");
  }
}

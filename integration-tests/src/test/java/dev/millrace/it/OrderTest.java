package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds promise 2 in the code: what becomes bytes has an order of its own. */
class OrderTest {
  private static final String FOUND_BY_KEY = "only ever found by key";
  private static final String ASKED = "only ever asked whether it contains";

  /** The rooms. In others, a process's own order can be seen by nobody. */
  private static final OrderedRooms ROOMS =
      new OrderedRooms(
              "dev.millrace.schema",
              "dev.millrace.kernels",
              "dev.millrace.engine",
              "dev.millrace.engine.architecture",
              "dev.millrace.engine.checkpoint",
              "dev.millrace.engine.checkpoint.family",
              "dev.millrace.engine.device",
              "dev.millrace.engine.request",
              "dev.millrace.engine.sampling",
              "dev.millrace.engine.tokenizer",
              "dev.millrace.enrichment",
              "dev.millrace.enrichment.evaluation",
              "dev.millrace.records",
              "dev.millrace.operations.config",
              "dev.millrace.streams.processor",
              "dev.millrace.streams.config",
              "dev.millrace.cli.enrich",
              "dev.millrace.cli.model",
              "dev.millrace.cli.demo")
          .except(
              "dev.millrace.engine.device.EngineLoop", "new HashMap", "requests end independently")
          .except(
              "dev.millrace.engine.device.DeviceEngine",
              "ConcurrentHashMap.newKeySet",
              "requests end independently")
          .except(
              "dev.millrace.engine.checkpoint.ModelDigest",
              "List.parallelStream",
              "joined in the order of the list")
          .except(
              "dev.millrace.engine.checkpoint.RandomWeights",
              "IntStream.parallel",
              "each piece has a generator of its own")
          .except("dev.millrace.engine.checkpoint.family.Llama4", "new HashMap", FOUND_BY_KEY)
          .except("dev.millrace.engine.tokenizer.ChatTemplateFile", "new HashMap", FOUND_BY_KEY)
          .except("dev.millrace.engine.tokenizer.ChatTemplateFile", "Map.copyOf", FOUND_BY_KEY)
          .except("dev.millrace.engine.tokenizer.HuggingFaceTokenizer", "new HashMap", FOUND_BY_KEY)
          .except("dev.millrace.engine.tokenizer.HuggingFaceTokenizer", "Map.copyOf", FOUND_BY_KEY)
          .except(
              "dev.millrace.engine.tokenizer.JinjaChatTemplate",
              "new ConcurrentHashMap",
              FOUND_BY_KEY)
          .except("dev.millrace.engine.tokenizer.TokenizerFile", "new HashMap", FOUND_BY_KEY)
          .except("dev.millrace.engine.tokenizer.TokenizerFile", "Map.copyOf", FOUND_BY_KEY)
          .except(
              "dev.millrace.enrichment.EngineEnricher",
              "ConcurrentHashMap.newKeySet",
              "documents end independently")
          .except("dev.millrace.streams.processor.InFlight", "new HashMap", FOUND_BY_KEY)
          .except("dev.millrace.streams.processor.OrderKeeper", "new HashMap", FOUND_BY_KEY)
          .except(
              "dev.millrace.streams.processor.SourceTimestamps",
              "new ConcurrentHashMap",
              FOUND_BY_KEY)
          .except("dev.millrace.records.TimestampLimits", "Map.copyOf", FOUND_BY_KEY)
          .except(
              "dev.millrace.streams.processor.EnrichmentProcessorSupplier",
              "Map.copyOf",
              "settings of a topic, for Kafka")
          .except("dev.millrace.cli.enrich.TextSource", "Files.walk", "sorted by name")
          .except("dev.millrace.operations.config.Config", "Map.copyOf", FOUND_BY_KEY)
          .except("dev.millrace.operations.config.ConfigReader", "Set.of", ASKED)
          .except("dev.millrace.operations.config.TopicKeys", "new HashSet", ASKED)
          .except("dev.millrace.operations.config.ClientSettings", "Set.of", ASKED)
          .except(
              "dev.millrace.operations.config.KafkaClientProperties",
              "new HashMap",
              "settings of a client, for Kafka");

  @Test
  void shouldKeepAnOrderInWhatBecomesBytes() {
    JavaClasses classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-tests.jar"))
            .withImportOption(location -> !location.contains("dev/millrace/schema/avro"))
            .importPackages(ROOMS.rooms());

    assertThat(classes.size()).as("classes found").isGreaterThan(150);
    assertThat(ROOMS.violations(classes)).isEmpty();
  }

  /** One of each kind. */
  static final class Unordered {
    List<Object> all() {
      Supplier<Map<String, String>> referred = IdentityHashMap::new;
      return List.of(
          referred,
          new HashMap<>(Map.of("a", "b")),
          Set.of("a", "b"),
          Map.copyOf(referred.get()),
          Stream.of("a").collect(Collectors.toSet()),
          Stream.of("a").collect(Collectors.toMap(key -> key, key -> key)));
    }
  }

  /** What has an order, and what is too small for one. */
  static final class Ordered {
    List<Object> all() {
      return List.of(
          new LinkedHashMap<>(Map.of("a", "b")),
          Stream.of("a")
              .collect(Collectors.toMap(key -> key, key -> key, (one, _) -> one, TreeMap::new)),
          Set.of("a"),
          Map.of());
    }
  }

  @Test
  void shouldFindEachSeededUse() {
    OrderedRooms rooms = new OrderedRooms("dev.millrace.it");
    JavaClasses unordered = new ClassFileImporter().importClasses(Unordered.class);

    assertThat(rooms.violations(unordered))
        .map(line -> line.replaceFirst(".* uses (.*), which.*", "$1"))
        .containsExactly(
            "Collectors.toMap",
            "Collectors.toSet",
            "Map.copyOf",
            "Set.of",
            "new HashMap",
            "new IdentityHashMap");
    assertThat(new OrderedRooms("elsewhere").violations(unordered)).isEmpty();
  }

  @Test
  void shouldFindNothingInOrder() {
    OrderedRooms rooms = new OrderedRooms("dev.millrace.it");

    assertThat(rooms.violations(new ClassFileImporter().importClasses(Ordered.class))).isEmpty();
  }

  @Test
  void shouldFindAnExceptionThatNobodyNeeds() {
    OrderedRooms rooms =
        new OrderedRooms("dev.millrace.it").except("dev.millrace.it.Gone", "Map.of", "was there");

    assertThat(rooms.violations(new ClassFileImporter().importClasses(Ordered.class)))
        .containsExactly("no longer true: dev.millrace.it.Gone uses Map.of");
  }
}

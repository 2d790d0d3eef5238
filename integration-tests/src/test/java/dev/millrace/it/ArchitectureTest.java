package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.lang.foreign.Linker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Holds the import table of the house: who may know whom. */
class ArchitectureTest {

  private static final Path ROOT = Path.of(System.getProperty("millrace.root", ".."));
  private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([a-z.]+);");
  private static final Pattern IMPORT =
      Pattern.compile("(?m)^import (?:static )?([a-z][a-z0-9_.]*)\\.[A-Z]");

  private static final String LOG = "org.slf4j";
  private static final String MEMORY = "java.lang.foreign";
  private static final String VECTOR = "jdk.incubator.vector";
  private static final String JSON = "com.fasterxml.jackson..";

  /** The map of the house. Think before adding to a row: a new arrow is a new coupling. */
  private static final ImportTable TABLE =
      new ImportTable()
          // the data contract
          .row("dev.millrace.schema", "org.apache.avro..", "org.apache.flink.avro..")
          // real servers as child processes
          .row(
              "dev.millrace.servers",
              "dev.millrace.servers.child",
              "org.apache.kafka.clients.admin",
              "org.apache.kafka.common",
              LOG)
          .row(
              "dev.millrace.servers.child",
              "java.lang.reflect",
              "kafka",
              "org.apache.kafka.metadata.storage")
          // compiled kernels: bytes and a manifest
          .row("dev.millrace.kernels", JSON, LOG)
          // the engine: no Kafka, no Avro
          .row("dev.millrace.engine.tensor", MEMORY)
          .row("dev.millrace.engine.architecture")
          .row(
              "dev.millrace.engine.backend",
              "dev.millrace.engine.architecture",
              "dev.millrace.engine.tensor",
              MEMORY)
          .row(
              "dev.millrace.engine.backend.reference",
              "dev.millrace.engine.architecture",
              "dev.millrace.engine.backend",
              "dev.millrace.engine.tensor")
          .row("dev.millrace.engine.gguf", "dev.millrace.engine", MEMORY)
          .row("dev.millrace.engine.natives")
          .row(
              "dev.millrace.engine.backend.cuda",
              "dev.millrace.engine.architecture",
              "dev.millrace.engine.backend",
              "dev.millrace.engine.natives",
              "dev.millrace.engine.tensor",
              "dev.millrace.kernels",
              "jcuda..",
              MEMORY,
              LOG)
          .row(
              "dev.millrace.engine.backend.cpu",
              "dev.millrace.engine.architecture",
              "dev.millrace.engine.backend",
              "dev.millrace.engine.natives",
              "dev.millrace.engine.tensor",
              "dev.millrace.kernels",
              "com.sun.management",
              "java.lang.management",
              MEMORY,
              VECTOR,
              LOG)
          .row(
              "dev.millrace.engine.checkpoint",
              "dev.millrace.engine",
              "dev.millrace.engine.architecture",
              "dev.millrace.engine.backend",
              "dev.millrace.engine.checkpoint.family",
              "dev.millrace.engine.gguf",
              "dev.millrace.engine.tensor",
              MEMORY,
              JSON)
          .row(
              "dev.millrace.engine.checkpoint.family",
              "dev.millrace.engine.architecture",
              "dev.millrace.engine.checkpoint")
          .row("dev.millrace.engine.template")
          .row(
              "dev.millrace.engine.tokenizer",
              "dev.millrace.engine",
              "dev.millrace.engine.gguf",
              "dev.millrace.engine.natives",
              "dev.millrace.engine.template",
              "ai.djl..",
              JSON,
              LOG)
          .row("dev.millrace.engine.request")
          .row(
              "dev.millrace.engine.sampling",
              "dev.millrace.engine.backend",
              "dev.millrace.engine.request")
          .row("dev.millrace.engine.cache")
          .row(
              "dev.millrace.engine.scheduling",
              "dev.millrace.engine.cache",
              "dev.millrace.engine.request",
              "dev.millrace.engine.sampling")
          .row(
              "dev.millrace.engine.model",
              "dev.millrace.engine",
              "dev.millrace.engine.architecture",
              "dev.millrace.engine.backend",
              "dev.millrace.engine.checkpoint")
          .row("dev.millrace.engine.metrics")
          .row(
              "dev.millrace.engine.device",
              "dev.millrace.engine",
              "dev.millrace.engine.architecture",
              "dev.millrace.engine.backend",
              "dev.millrace.engine.cache",
              "dev.millrace.engine.checkpoint",
              "dev.millrace.engine.metrics",
              "dev.millrace.engine.model",
              "dev.millrace.engine.request",
              "dev.millrace.engine.sampling",
              "dev.millrace.engine.scheduling",
              "dev.millrace.engine.tokenizer",
              LOG)
          .row(
              "dev.millrace.engine",
              "dev.millrace.engine.backend",
              "dev.millrace.engine.checkpoint",
              "dev.millrace.engine.device",
              "dev.millrace.engine.metrics",
              "dev.millrace.engine.request",
              "dev.millrace.engine.tokenizer")
          .row(
              "dev.millrace.engine.inspect",
              "dev.millrace.engine",
              "dev.millrace.engine.architecture",
              "dev.millrace.engine.backend",
              "dev.millrace.engine.checkpoint",
              "dev.millrace.engine.device",
              "dev.millrace.engine.model",
              "dev.millrace.engine.tensor",
              "dev.millrace.engine.tokenizer",
              MEMORY,
              LOG)
          // documents and what is asked about them: no Kafka, no Avro
          .row(
              "dev.millrace.enrichment",
              "dev.millrace.engine",
              "dev.millrace.engine.backend",
              "dev.millrace.engine.request",
              "dev.millrace.engine.tokenizer",
              JSON,
              LOG)
          .row("dev.millrace.enrichment.evaluation", "dev.millrace.enrichment")
          // what lies on the topics, and what keeps an application going: Kafka, but no Kafka
          // Streams
          .row(
              "dev.millrace.records",
              "dev.millrace.enrichment",
              "dev.millrace.records.shape",
              "dev.millrace.schema",
              "dev.millrace.schema.avro",
              "org.apache.kafka.common..",
              JSON,
              LOG)
          .row("dev.millrace.records.shape", "dev.millrace.enrichment", "dev.millrace.schema", JSON)
          .row(
              "dev.millrace.operations.config",
              "dev.millrace.enrichment",
              "dev.millrace.records",
              "dev.millrace.records.shape",
              "dev.millrace.schema",
              "org.apache.kafka.clients..",
              "org.apache.kafka.common..",
              JSON)
          .row(
              "dev.millrace.operations.metrics",
              "dev.millrace.engine.metrics",
              "dev.millrace.enrichment",
              "io.micrometer.core..")
          .row("dev.millrace.operations.health", "com.sun.net.httpserver")
          .row("dev.millrace.operations.host", "dev.millrace.operations")
          .row(
              "dev.millrace.operations.cluster",
              "dev.millrace.records",
              "dev.millrace.operations",
              "dev.millrace.operations.config",
              "dev.millrace.operations.metrics",
              "io.micrometer.core..",
              "org.apache.kafka.clients..",
              "org.apache.kafka.common..",
              LOG)
          .row(
              "dev.millrace.operations.deploy",
              "dev.millrace.enrichment",
              "dev.millrace.operations",
              "dev.millrace.operations.config",
              "dev.millrace.records",
              "dev.millrace.records.shape",
              "dev.millrace.schema",
              "org.apache.kafka.clients..",
              "org.apache.kafka.common..")
          .row(
              "dev.millrace.operations.deadletter",
              "dev.millrace.enrichment",
              "dev.millrace.operations",
              "dev.millrace.operations.config",
              "dev.millrace.records",
              "dev.millrace.schema",
              "dev.millrace.schema.avro",
              "org.apache.kafka.clients..",
              "org.apache.kafka.common..")
          .row(
              "dev.millrace.operations.outcomes",
              "dev.millrace.enrichment",
              "dev.millrace.operations",
              "dev.millrace.operations.config",
              "dev.millrace.records",
              "dev.millrace.schema",
              "dev.millrace.schema.avro",
              "org.apache.avro.specific",
              "org.apache.kafka.clients..",
              "org.apache.kafka.common..")
          .row(
              "dev.millrace.operations",
              "dev.millrace.engine",
              "dev.millrace.engine.backend",
              "dev.millrace.enrichment",
              "dev.millrace.operations.config",
              "dev.millrace.operations.deploy",
              "dev.millrace.operations.metrics",
              "dev.millrace.records",
              "dev.millrace.schema",
              "io.micrometer.core..",
              LOG)
          // the stream processor: Kafka Streams
          .row("dev.millrace.streams.ends", "java.lang.management", LOG)
          .row(
              "dev.millrace.streams.store",
              "org.apache.kafka.common..",
              "org.apache.kafka.streams..",
              "org.rocksdb",
              LOG)
          .row(
              "dev.millrace.streams.processor",
              "dev.millrace.enrichment",
              "dev.millrace.operations.config",
              "dev.millrace.records",
              "dev.millrace.streams.ends",
              "dev.millrace.streams.store",
              "org.apache.kafka.clients.consumer",
              "org.apache.kafka.common..",
              "org.apache.kafka.streams..")
          .row(
              "dev.millrace.streams.config",
              "dev.millrace.operations.config",
              "dev.millrace.streams.processor")
          .row(
              "dev.millrace.streams.topology",
              "dev.millrace.operations",
              "dev.millrace.operations.cluster",
              "dev.millrace.operations.config",
              "dev.millrace.operations.deploy",
              "dev.millrace.records",
              "dev.millrace.streams.config",
              "dev.millrace.streams.processor",
              "org.apache.kafka.clients..",
              "org.apache.kafka.common..",
              "org.apache.kafka.streams..",
              "org.rocksdb",
              LOG)
          .row(
              "dev.millrace.flink.sql",
              "dev.millrace.enrichment",
              "dev.millrace.flink",
              "org.apache.flink..")
          .row("dev.millrace.flink.types", "dev.millrace.enrichment", "org.apache.flink..")
          .row(
              "dev.millrace.flink",
              "dev.millrace.enrichment",
              "dev.millrace.flink.types",
              "dev.millrace.operations",
              "dev.millrace.operations.config",
              "dev.millrace.operations.deploy",
              "dev.millrace.records",
              "io.micrometer..",
              "org.apache.flink..",
              "org.apache.kafka.clients..",
              "org.apache.kafka.common..",
              LOG)
          .row(
              "dev.millrace.streams.topics",
              "dev.millrace.operations",
              "dev.millrace.operations.cluster",
              "dev.millrace.operations.config",
              "dev.millrace.operations.deploy",
              "dev.millrace.records",
              "dev.millrace.streams.config",
              "dev.millrace.streams.processor",
              "dev.millrace.streams.topology",
              "org.apache.kafka.clients..",
              "org.apache.kafka.common..",
              LOG)
          .row(
              "dev.millrace.streams",
              "dev.millrace.enrichment",
              "dev.millrace.operations",
              "dev.millrace.operations.cluster",
              "dev.millrace.operations.config",
              "dev.millrace.operations.deploy",
              "dev.millrace.operations.health",
              "dev.millrace.operations.host",
              "dev.millrace.operations.metrics",
              "dev.millrace.records",
              "dev.millrace.streams.config",
              "dev.millrace.streams.ends",
              "dev.millrace.streams.processor",
              "dev.millrace.streams.store",
              "dev.millrace.streams.topics",
              "dev.millrace.streams.topology",
              "io.micrometer..",
              "org.apache.kafka.streams..",
              LOG)
          // faults on purpose
          .row(
              "dev.millrace.faults",
              "dev.millrace.enrichment",
              "dev.millrace.operations",
              "dev.millrace.operations.config",
              "dev.millrace.operations.deploy",
              "dev.millrace.records",
              "dev.millrace.servers",
              "dev.millrace.servers.child",
              "dev.millrace.streams",
              "dev.millrace.streams.config",
              "dev.millrace.streams.processor",
              "dev.millrace.streams.topology",
              "io.micrometer.prometheusmetrics",
              "org.apache.kafka.clients..",
              "org.apache.kafka.common..")
          // the command line: with the engine alone
          .row(
              "dev.millrace.cli",
              "dev.millrace.engine",
              "dev.millrace.engine.backend",
              "dev.millrace.engine.metrics",
              "dev.millrace.cli.bench",
              "dev.millrace.cli.bench.engine",
              "dev.millrace.cli.enrich",
              "dev.millrace.cli.model",
              "java.lang.reflect",
              "picocli",
              LOG)
          .row("dev.millrace.cli.bench", "picocli")
          .row(
              "dev.millrace.cli.model",
              "dev.millrace.cli",
              "dev.millrace.engine",
              "dev.millrace.engine.backend",
              "dev.millrace.engine.inspect",
              "dev.millrace.engine.request",
              "dev.millrace.engine.tokenizer",
              "picocli",
              JSON)
          .row(
              "dev.millrace.cli.bench.engine",
              "dev.millrace.cli",
              "dev.millrace.engine",
              "dev.millrace.engine.architecture",
              "dev.millrace.engine.backend",
              "dev.millrace.engine.checkpoint",
              "dev.millrace.engine.metrics",
              "dev.millrace.engine.model",
              "dev.millrace.engine.request",
              "dev.millrace.engine.tensor",
              "dev.millrace.engine.tokenizer",
              "picocli",
              MEMORY,
              JSON)
          .row(
              "dev.millrace.cli.enrich",
              "dev.millrace.cli",
              "dev.millrace.engine",
              "dev.millrace.enrichment",
              "dev.millrace.enrichment.evaluation",
              "picocli",
              JSON,
              LOG)
          // the log of both programs
          .row(
              "dev.millrace.cli.log",
              "dev.millrace.operations.config",
              "dev.millrace.schema",
              "ch.qos.logback..",
              LOG)
          .row(
              "dev.millrace.cli.operations",
              "dev.millrace.cli",
              "dev.millrace.operations",
              "dev.millrace.operations.config",
              "dev.millrace.schema",
              "ch.qos.logback.classic",
              LOG)
          // the demo, with Flink between its topics
          .row(
              "dev.millrace.flink.cli",
              "dev.millrace.cli",
              "dev.millrace.cli.demo",
              "dev.millrace.cli.operations",
              "dev.millrace.flink",
              "dev.millrace.operations",
              "dev.millrace.operations.config",
              "dev.millrace.operations.deploy",
              "ch.qos.logback.classic",
              "io.micrometer.prometheusmetrics",
              "picocli")
          // and the one room that knows all others
          .row(
              "dev.millrace.cli.stream",
              "dev.millrace.cli",
              "dev.millrace.cli.bench.stream",
              "dev.millrace.cli.log",
              "dev.millrace.cli.demo",
              "dev.millrace.cli.operations",
              "dev.millrace.enrichment",
              "dev.millrace.operations",
              "dev.millrace.operations.cluster",
              "dev.millrace.operations.config",
              "dev.millrace.operations.deadletter",
              "dev.millrace.operations.deploy",
              "dev.millrace.operations.outcomes",
              "dev.millrace.records",
              "dev.millrace.records.shape",
              "dev.millrace.schema",
              "dev.millrace.streams",
              "dev.millrace.streams.config",
              "dev.millrace.streams.topics",
              "dev.millrace.streams.topology",
              "io.micrometer.prometheusmetrics",
              "java.lang.management",
              "org.apache.kafka.clients..",
              "org.apache.kafka.common..",
              "picocli",
              LOG)
          .row(
              "dev.millrace.cli.bench.stream",
              "dev.millrace.cli",
              "dev.millrace.faults",
              "dev.millrace.operations.config",
              "dev.millrace.operations.deploy",
              "dev.millrace.records",
              "dev.millrace.servers",
              "dev.millrace.streams.config",
              "dev.millrace.streams.topology",
              "org.apache.kafka.common..",
              "org.apache.kafka.streams..",
              "picocli")
          .row(
              "dev.millrace.cli.demo",
              "dev.millrace.cli",
              "dev.millrace.engine",
              "dev.millrace.engine.backend",
              "dev.millrace.enrichment",
              "dev.millrace.operations",
              "dev.millrace.operations.config",
              "dev.millrace.operations.deploy",
              "dev.millrace.operations.metrics",
              "dev.millrace.operations.outcomes",
              "dev.millrace.records",
              "dev.millrace.schema",
              "dev.millrace.servers",
              "ch.qos.logback.classic",
              "io.micrometer..",
              "java.lang.management",
              "org.apache.kafka.clients..",
              "picocli",
              JSON,
              LOG);

  /** Packages that call code which is not Java. */
  private static final Set<String> NATIVE =
      Set.of("dev.millrace.engine.backend.cpu", "dev.millrace.engine.backend.cuda");

  private static JavaClasses classes;

  @BeforeAll
  static void importClasses() {
    classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-tests.jar"))
            .withImportOption(location -> !location.contains("dev/millrace/schema/avro"))
            .importPackages("dev.millrace");
  }

  @Test
  void shouldSeeTheWholeHouse() {
    assertThat(classes.size()).as("classes found").isGreaterThan(200);
  }

  @Test
  void shouldHaveARowForEachPackageAndNoOther() {
    Set<String> found = new TreeSet<>();
    classes.forEach(type -> found.add(type.getPackageName()));
    assertThat(found).containsExactlyElementsOf(new TreeSet<>(TABLE.packages()));
  }

  @Test
  void shouldUseOnlyWhatTheTableAllows() {
    assertThat(TABLE.violations(classes)).isEmpty();
  }

  @Test
  void shouldAllowNothingThatNobodyUses() throws IOException {
    assertThat(TABLE.unused(classes, imports())).isEmpty();
  }

  /** Packages that the sources of each package import. */
  private static Map<String, Set<String>> imports() throws IOException {
    Map<String, Set<String>> imports = new TreeMap<>();
    try (Stream<Path> tree = Files.walk(ROOT)) {
      for (Path file : tree.filter(ArchitectureTest::isMainSource).toList()) {
        String text = Files.readString(file);
        Matcher own = PACKAGE.matcher(text);
        if (own.find()) {
          Set<String> packages = imports.computeIfAbsent(own.group(1), _ -> new TreeSet<>());
          IMPORT.matcher(text).results().forEach(found -> packages.add(found.group(1)));
        }
      }
    }
    return imports;
  }

  private static boolean isMainSource(Path file) {
    String name = ROOT.relativize(file).toString();
    return name.endsWith(".java") && name.contains("src/main/java");
  }

  @Test
  void shouldCallNativeCodeOnlyInBackends() {
    List<String> found =
        classes.stream()
            .filter(type -> !NATIVE.contains(type.getPackageName()))
            .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
            .filter(use ->
                use.getTargetClass().isEquivalentTo(Linker.class)
                    || use.getTargetClass().getName().equals("java.lang.foreign.SymbolLookup"))
            .map(Dependency::getDescription)
            .toList();
    assertThat(found).isEmpty();
  }

  @Test
  void shouldFindASeededViolation() {
    JavaClasses self = new ClassFileImporter().importClasses(ImportTable.class);
    ImportTable strict = new ImportTable().row("dev.millrace.it");

    assertThat(strict.violations(self)).anyMatch(line -> line.contains("com.tngtech.archunit"));
    assertThat(new ImportTable().violations(self)).allMatch(line -> line.contains("has no row"));
    ImportTable loose = new ImportTable().row("dev.millrace.it", "com.tngtech..", "org.gone..");
    assertThat(loose.unused(self, Map.of()))
        .containsExactly("dev.millrace.it does not use org.gone..");
    assertThat(loose.unused(self, Map.of("dev.millrace.it", Set.of("org.gone.deep")))).isEmpty();
    assertThat(strict.row("other", "a..").packages()).containsExactly("dev.millrace.it", "other");
  }

  @Test
  void shouldKeepTheEngineFreeOfTheStream() {
    List<String> found =
        classes.stream()
            .filter(type -> type.getPackageName().startsWith("dev.millrace.engine"))
            .map(JavaClass::getDirectDependenciesFromSelf)
            .flatMap(Set::stream)
            .filter(use -> {
              String to = use.getTargetClass().getPackageName();
              return to.startsWith("org.apache.kafka") || to.startsWith("org.apache.avro");
            })
            .map(Dependency::getDescription)
            .toList();
    assertThat(found).isEmpty();
  }
}

package dev.millrace.flink.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The jar that users give to Flink: what is in it, what is not, and what an older Java says. */
class JobJarIT {
  private static final int MEGABYTE = 1 << 20;
  private static final int CLASS_FILE_OF_JAVA_11 = 55;

  private static Path jar() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("target"))) {
      return files
          .filter(file -> file.getFileName().toString().matches("millrace-flink-job-\\d.*\\.jar"))
          .findFirst()
          .orElseThrow();
    }
  }

  private static List<String> names(JarFile jar) {
    return jar.stream().map(JarEntry::getName).toList();
  }

  @Test
  void shouldHoldAllButFlinkAndKafkaStreams() throws IOException {
    try (JarFile jar = new JarFile(jar().toFile())) {
      List<String> names = names(jar);

      assertThat(names)
          .contains(
              "dev/millrace/flink/FlinkMain.class",
              "dev/millrace/engine/EngineFactory.class",
              "org/apache/flink/connector/kafka/sink/KafkaSink.class",
              "org/apache/kafka/clients/producer/KafkaProducer.class",
              "org/apache/avro/Schema.class",
              "META-INF/LICENSE",
              "META-INF/NOTICE");
      assertThat(names)
          .as("what a cluster brings, and what a job has no use for")
          .noneMatch(name ->
              name.startsWith("org/apache/flink/streaming/api/")
                  || name.startsWith("org/apache/flink/runtime/")
                  || name.startsWith("org/apache/flink/core/")
                  || name.startsWith("org/apache/flink/client/")
                  || name.startsWith("org/apache/flink/connector/base/")
                  || name.startsWith("org/apache/kafka/streams/")
                  || name.startsWith("org/rocksdb/")
                  || name.startsWith("dev/millrace/streams/")
                  || name.startsWith("dev/millrace/cli/")
                  || name.startsWith("com/esotericsoftware/")
                  || name.startsWith("org/slf4j/")
                  || name.startsWith("ch/qos/logback/")
                  || name.startsWith("org/junit/"));
      assertThat(names.stream().filter(name -> name.startsWith("org/apache/flink/")))
          .allMatch(name ->
              name.matches("org/apache/flink/(connector/(kafka/.*)?|avro/.*|formats/.*)?")
                  || name.startsWith("org/apache/flink/streaming/connectors/kafka/")
                  // The connector's own, too.
                  || name.startsWith("org/apache/flink/streaming/util/serialization/")
                  || name.matches("org/apache/flink/(streaming/((connectors|util)/)?)?"));
      assertThat(names.stream().filter(name -> !name.endsWith("/"))).doesNotHaveDuplicates();
    }
  }

  /** Mostly native libraries: oneDNN, CUDA's runtime, tokenizers, compression. */
  @Test
  void shouldBeOfTheSizeThatItsLibrariesHave() throws IOException {
    assertThat(Files.size(jar()) / MEGABYTE).isBetween(60L, 130L);
  }

  @Test
  void shouldBeginWithAClassThatAnyJavaCanRead() throws IOException {
    try (JarFile jar = new JarFile(jar().toFile())) {
      String main = jar.getManifest().getMainAttributes().getValue("Main-Class");
      assertThat(main).isEqualTo(JobMain.class.getName());
      assertThat(jar.getManifest().getMainAttributes().getValue("Implementation-Version"))
          .isNotBlank();
      List<String> mains = new ArrayList<>();
      for (String name : names(jar)) {
        if (name.startsWith("dev/millrace/flink/start/") && name.endsWith(".class")) {
          mains.add(name);
          assertThat(version(jar, name)).as(name).isEqualTo(CLASS_FILE_OF_JAVA_11);
        }
      }
      assertThat(mains).hasSizeGreaterThanOrEqualTo(2);
    }
  }

  private static int version(JarFile jar, String name) throws IOException {
    try (InputStream bytes = jar.getInputStream(jar.getEntry(name));
        DataInputStream data = new DataInputStream(bytes)) {
      assertThat(data.readInt()).isEqualTo(0xCAFEBABE);
      int _ = data.readUnsignedShort();
      return data.readUnsignedShort();
    }
  }

  @Test
  void shouldSayWhichJavaIsMissing() throws Exception {
    Path old = olderJava();

    String said = run(old);

    assertThat(said)
        .contains("the Millrace job needs Java 25, and this is Java", "env.java.home")
        .doesNotContain("UnsupportedClassVersionError");
    assertThat(said.lines()).as("one line: %s", said).hasSize(1);
  }

  /** With the right Java its main class is reached, and asks for its argument. */
  @Test
  void shouldHandOverToTheJob() throws Exception {
    String said = run(Path.of(System.getProperty("java.home")));

    assertThat(said).contains("usage: flink run", "--config").doesNotContain("needs Java");
  }

  private static String run(Path javaHome) throws Exception {
    Process process =
        new ProcessBuilder(
                javaHome.resolve("bin/java").toString(), "-Xmx64m", "-jar", jar().toString())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isNotZero();
    return said;
  }

  private static Path olderJava() throws IOException {
    Path all = Path.of("/usr/lib/jvm");
    assumeThat(all).as("SKIPPED: no other Java to try").isDirectory();
    try (Stream<Path> homes = Files.list(all)) {
      List<Path> older =
          homes
              .filter(home -> Files.isExecutable(home.resolve("bin/java")))
              .filter(home ->
                  home.getFileName()
                      .toString()
                      .toLowerCase(Locale.ROOT)
                      .matches(".*\\b(11|17|21)\\b.*"))
              .sorted()
              .toList();
      assumeThat(older).as("SKIPPED: no older Java to try").isNotEmpty();
      return older.getFirst();
    }
  }
}

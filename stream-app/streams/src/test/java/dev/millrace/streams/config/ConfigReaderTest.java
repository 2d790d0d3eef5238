package dev.millrace.streams.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.operations.config.AttemptKeys;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigException;
import dev.millrace.operations.config.ConfigKey;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.DocumentKeys;
import dev.millrace.operations.config.HealthKeys;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.KafkaKeys;
import dev.millrace.operations.config.LogKeys;
import dev.millrace.operations.config.ModelKeys;
import dev.millrace.operations.config.RegistryKeys;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.operations.config.WatchdogKeys;
import dev.millrace.streams.processor.Ordering;
import dev.millrace.streams.reference.ConfigExample;
import dev.millrace.streams.reference.ConfigReference;
import dev.millrace.streams.reference.GeneratedPage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigReaderTest {
  private static final String MINIMAL =
      """
      kafka.bootstrap.servers: b:1
      schema.registry.url: http://r:2
      model.dir: models/demo
      """;

  @TempDir private Path directory;

  private Config parse(String yaml, Map<String, String> environment) {
    return ConfigReader.parse(ApplicationSpec.SPEC, "test.yaml", directory, yaml, environment);
  }

  private Config parse(String yaml) {
    return parse(yaml, Map.of());
  }

  private List<String> problems(String yaml, Map<String, String> environment) {
    return catchThrowableOfType(ConfigException.class, () -> parse(yaml, environment)).problems();
  }

  private List<String> problems(String yaml) {
    return problems(yaml, Map.of());
  }

  @Test
  void shouldTakeDefaultsForWhatIsNotSet() {
    Config config = parse(MINIMAL);

    assertThat(config.get(AppKeys.THREADS)).isEqualTo(2);
    assertThat(config.get(ProcessingKeys.ORDER)).isEqualTo(Ordering.NONE);
    assertThat(config.path(ModelKeys.DIR)).isEqualTo(directory.resolve("models/demo"));
  }

  @Test
  void shouldReadEveryKeyFromItsExample() {
    StringBuilder yaml = new StringBuilder();
    for (ConfigKey<?> key : ApplicationSpec.SPEC.keys()) {
      if (!key.secret()) {
        yaml.append(key.name()).append(": '").append(key.example()).append("'\n");
      }
    }
    yaml.append("schema.registry.password: p\n");

    Config config = parse(yaml.toString());

    for (ConfigKey<?> key : ApplicationSpec.SPEC.keys()) {
      if (!key.secret()) {
        assertThat(config.get(key))
            .as(key.name())
            .isEqualTo(key.type().parser().apply(key.example()));
      }
    }
  }

  @Test
  void shouldReadNestedAndDottedNamesAndLists() {
    Config config =
        parse(
            """
            kafka:
              bootstrap:
                servers: [a:1, b:2]
            schema.registry.url: http://r:2
            model.dir: m
            processing: {order: key, deadline: 90s}
            """);

    assertThat(config.get(KafkaKeys.BOOTSTRAP_SERVERS)).containsExactly("a:1", "b:2");
    assertThat(config.get(ProcessingKeys.ORDER)).isEqualTo(Ordering.KEY);
    assertThat(config.get(AttemptKeys.DEADLINE)).isEqualTo(Duration.ofSeconds(90));
  }

  @Test
  void shouldReportAllProblemsAtOnceWithSuggestions() {
    List<String> problems =
        problems(
            """
            kafka.bootstrap.servers: b:1
            app.thread: 3
            app.commit.interval: fast
            documents.bytes.max: 12XB
            processing.order: sometimes
            health.port: 99999
            model.dir:
            """);

    assertThat(problems)
        .anySatisfy(
            line -> assertThat(line).contains("\"app.thread\"").contains("mean \"app.threads\""))
        .anySatisfy(line -> assertThat(line).contains("app.commit.interval").contains("\"fast\""))
        .anySatisfy(line -> assertThat(line).contains("documents.bytes.max").contains("12XB"))
        .anySatisfy(line -> assertThat(line).contains("none, key, partition"))
        .anySatisfy(line -> assertThat(line).contains("health.port").contains("0..65535"))
        .anySatisfy(line -> assertThat(line).contains("model.dir has no value"))
        .anySatisfy(line -> assertThat(line).contains("schema.registry.url is missing"));
  }

  @Test
  void shouldRefuseAKeyThatIsSetTwice() {
    assertThat(problems(MINIMAL + "model.dir: b\n"))
        .anySatisfy(line -> assertThat(line).contains("Duplicate").contains("model.dir"));
    assertThat(problems(MINIMAL + "model: {dir: b}\n")).contains("model.dir is set twice");
  }

  @Test
  void shouldNameTheLineThatIsNotYaml() {
    assertThat(problems("a: [1\nb: 2\n"))
        .anySatisfy(line -> assertThat(line).contains("line 2").contains("YAML"));
    assertThat(problems("just text")).anySatisfy(line -> assertThat(line).contains("keys and"));
  }

  @Test
  void shouldLetTheEnvironmentOverrideTheFile() {
    Config config =
        parse(
            MINIMAL + "app.threads: 3\n",
            Map.of(
                "MILLRACE_APP_THREADS", "5",
                "MILLRACE_KAFKA_CLIENT_SECURITY_PROTOCOL", "SSL",
                "MILLRACE_CACHE", "off",
                "MILLRACE_JAVA_OPTS", "-Xmx1g",
                "MILLRACE_CUDA_LIBRARY", "/emulator/libcuda.so.1",
                "MILLRACE_SERVICE_HOST", "10.0.0.1",
                "MILLRACE_PORT_9464_TCP_ADDR", "10.0.0.1",
                "PATH", "/bin"));

    assertThat(config.get(AppKeys.THREADS)).isEqualTo(5);
    assertThat(config.client()).containsEntry("security.protocol", "SSL");
  }

  @Test
  void shouldRefuseAnUnknownVariableOfOurs() {
    assertThat(problems(MINIMAL, Map.of("MILLRACE_APP_TREADS", "5")))
        .singleElement()
        .satisfies(line ->
            assertThat(line).contains("MILLRACE_APP_TREADS").contains("MILLRACE_APP_THREADS"));
  }

  @Test
  void shouldReadSecretsFromFilesAndNeverPrintThem() throws IOException {
    Files.writeString(directory.resolve("pw"), "s3cret\n");
    Config config =
        parse(
            MINIMAL
                + """
                schema.registry.user: u
                schema.registry.password: ${file:pw}
                kafka.client.sasl.jaas.config: 'Module required password="${file:pw}";'
                """);

    assertThat(config.get(RegistryKeys.PASSWORD)).isEqualTo("s3cret");
    assertThat(config.client())
        .containsEntry("sasl.jaas.config", "Module required password=\"s3cret\";");
    assertThat(config.toString()).doesNotContain("s3cret").contains("schema.registry.password=***");
    assertThat(config.printable().toString()).doesNotContain("s3cret");
  }

  @Test
  void shouldNotPrintASecretInAProblem() {
    assertThatThrownBy(() ->
            parse(
                MINIMAL
                    + "schema.registry.password: s3cret\nkafka.client.ssl.keypassword: s3cret\n"))
        .hasMessageContaining("belong together")
        .hasMessageContaining("ssl.key.password")
        .message()
        .doesNotContain("s3cret");
  }

  /** Whoever may read the log must not learn from it how to log in. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://qx1:qx2%2Fqx3@registry:8081/apis",
        "HTTPS://qx1:qx2@qx3:qx4@registry",
        "http://qx1@registry",
        "http://qx1:qx2,qx3@registry,http://other",
        "http://other , http://qx1:qx2%20qx3%zz@registry",
      })
  void shouldMaskCredentialsInUrls(String url) {
    Config config =
        parse(
            "kafka.bootstrap.servers: b:9092\nmodel.dir: m\nschema.registry.url: '" + url + "'\n");

    assertThat(String.join(",", config.get(RegistryKeys.URL))).contains("qx");
    assertThat(config.toString()).contains("***@registry").doesNotContain("qx");
    assertThat(config.printable().toString()).contains("***@registry").doesNotContain("qx");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "schema.registry.url: http://qx1:qx2/qx3@registry",
        "schema.registry.url: 'http://a, qx1:qx2@registry'",
        "schema.registry.url: http://registry?access_token=qx1",
        "schema.registry.url: http://registry:qx1",
        "schema.registry.url: ${file:pw}",
        "schema.registry.password: *qx1",
        "schema.registry.password: !qx1 2",
        "schema.registry.password: [qx1",
        "schema.registry.password: 'qx1",
        "schema.registry.password: %qx1",
        "schema.registry.password: \"\\qx1\"",
        "schema.registry.password: qx1: qx2",
        "app.threads: ${file:pw}",
        "app.threads: http://qx1:qx2@host",
        "kafka.bootstrap.servers: SASL_SSL://qx1:qx2@broker:9092",
        "kafka.client.sasl.jaas.config: PlainLoginModule required password=qx1 qx2;",
        "kafka.client.sasl.jaas.config: Plain required password=\"qx1\"qx2\";",
        "kafka.client.sasl.jaas.config: Plain required username=\"qx1\" password=\"qx2\"",
        "kafka.client.ssl.keystore.kye: qx1",
        "scheme.registry.password: qx1",
      })
  void shouldQuoteNoSecretInAProblem(String line) throws IOException {
    Files.writeString(directory.resolve("pw"), "qx9\n");
    String name = line.substring(0, line.indexOf(':'));
    String others =
        MINIMAL
            .lines()
            .filter(l -> !l.startsWith(name))
            .collect(Collectors.joining("\n", "", "\n"));

    assertThatThrownBy(() -> parse(others + line + "\n"))
        .isInstanceOf(ConfigException.class)
        .satisfies(e -> {
          StringWriter trace = new StringWriter();
          e.printStackTrace(new PrintWriter(trace));
          assertThat(trace.toString()).doesNotContain("qx");
        });
    if (!line.contains("'") && !line.contains(": !") && !line.contains("[")) {
      assertThatThrownBy(() ->
              parse(
                  others,
                  Map.of(ConfigKey.environmentName(name), line.substring(line.indexOf(':') + 2))))
          .message()
          .doesNotContain("qx");
    }
  }

  @Test
  void shouldMaskEveryClientSettingThatSaysSecret() {
    Map<String, String> client =
        Map.of(
            "sasl.jaas.config", "Plain required username=\"qx\" password=\"qx\";",
            "ssl.keystore.password", "qx1",
            "ssl.key.password", "qx2",
            "ssl.truststore.password", "qx3",
            "ssl.keystore.key", "qx4",
            "sasl.oauthbearer.client.credentials.client.secret", "qx5",
            "sasl.oauthbearer.token.endpoint.url", "https://qx6:qx7@host/token?secret=qx8",
            "sasl.oauthbearer.jwks.endpoint.url", "https://qx6:qx7@host/keys?secret=qx8",
            "ssl.keystore.location", "/keys/a.jks");
    StringBuilder yaml = new StringBuilder(MINIMAL);
    client.forEach((name, value) ->
        yaml.append("kafka.client.").append(name).append(": '").append(value).append("'\n"));

    Config config = parse(yaml.toString());

    assertThat(config.client()).containsAllEntriesOf(client);
    assertThat(config.toString())
        .doesNotContain("qx")
        .contains("kafka.client.ssl.key.password=***")
        .contains("kafka.client.ssl.keystore.location=/keys/a.jks");
  }

  @Test
  void shouldNameTheFileThatCannotBeRead() {
    assertThat(problems(MINIMAL + "schema.registry.password: ${file:nothing}\n"))
        .anySatisfy(line -> assertThat(line).contains("nothing").contains("NoSuchFile"));
    assertThatThrownBy(
            () -> ConfigReader.read(ApplicationSpec.SPEC, directory.resolve("no.yaml"), Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("no.yaml");
  }

  @Test
  void shouldRefuseAClientSettingThatIsOursOrUnknown() {
    assertThat(
            problems(
                MINIMAL
                    + "kafka.client: {isolation.level: read_uncommitted, sasl.mechanisn: PLAIN}\n"))
        .anySatisfy(line -> assertThat(line).contains("isolation.level is set by"))
        .anySatisfy(line -> assertThat(line).contains("mean \"sasl.mechanism\""));
  }

  @Test
  void shouldCheckRelationsBetweenSettings() {
    assertThat(
            problems(
                MINIMAL
                    + """
                    app.transaction.timeout: 5s
                    app.commit.interval: 4s
                    app.heartbeat.interval: 9s
                    processing.slice: 1s
                    app.poll.records.max: 500
                    processing.backoff.min: 20s
                    processing.deadline: 1h
                    watchdog.hanging: 5s
                    documents.bytes.max: 8MiB
                    processing.in.flight.task.max: 300
                    topics.enriched: documents
                    topics.dead.letter: a/b
                    app.group.protocol: streams
                    app.standby.replicas: 1
                    schema.registry.user: u
                    """))
        .anySatisfy(line -> assertThat(line).contains("four times app.commit.interval (4000ms)"))
        .anySatisfy(line -> assertThat(line).contains("a slowed poll must fit"))
        .anySatisfy(line -> assertThat(line).contains("put out of the group"))
        .anySatisfy(line -> assertThat(line).contains("a third of app.session.timeout"))
        .anySatisfy(line -> assertThat(line).contains("processing.backoff.max"))
        .anySatisfy(line -> assertThat(line).contains("a slow document is no stall"))
        .anySatisfy(line -> assertThat(line).contains("an open transaction is no hanging one"))
        .anySatisfy(line -> assertThat(line).contains("topics.record.bytes.max (8388608)"))
        .anySatisfy(line -> assertThat(line).contains("processing.in.flight.max (256)"))
        .anySatisfy(line -> assertThat(line).contains("processing.pending.task.max (256)"))
        .anySatisfy(line -> assertThat(line).contains("topic documents is used twice"))
        .anySatisfy(line -> assertThat(line).contains("\"a/b\" is not a topic name"))
        .anySatisfy(line -> assertThat(line).contains("streams.num.standby.replicas"))
        .anySatisfy(line -> assertThat(line).contains("belong together"))
        .hasSize(14);
  }

  @Test
  void shouldListEveryDeclaredKeyOnce() throws IllegalAccessException {
    int declared = 0;
    for (Class<?> list :
        List.of(
            AppKeys.class,
            AttemptKeys.class,
            DocumentKeys.class,
            HealthKeys.class,
            KafkaKeys.class,
            LogKeys.class,
            ModelKeys.class,
            ProcessingKeys.class,
            RegistryKeys.class,
            TopicKeys.class,
            WatchdogKeys.class)) {
      for (var field : list.getDeclaredFields()) {
        if (field.getType() == ConfigKey.class) {
          declared++;
          assertThat(ApplicationSpec.SPEC.keys()).contains((ConfigKey<?>) field.get(null));
        }
      }
    }
    assertThat(ApplicationSpec.SPEC.keys()).hasSize(declared).doesNotHaveDuplicates();
  }

  @Test
  void shouldKeepTheReferencePageCurrent() {
    GeneratedPage.check("reference/configuration.md", ConfigReference.markdown());
  }

  @Test
  void shouldKeepTheCompleteExampleCurrentAndReadable() {
    GeneratedPage.check("examples/millrace.yaml", ConfigExample.yaml());

    Config config =
        ConfigReader.read(
            ApplicationSpec.SPEC, GeneratedPage.path("examples/millrace.yaml"), Map.of());

    for (ConfigKey<?> key : ApplicationSpec.SPEC.keys()) {
      String expected = key.isRequired() ? key.example() : key.defaultText();
      assertThat(config.get(key)).as(key.name()).isEqualTo(key.type().parser().apply(expected));
    }
  }

  @Test
  void shouldShowListsInTheExampleThatCanBeRead() {
    String lists =
        ConfigExample.yaml()
            .lines()
            .dropWhile(line -> !line.startsWith("# ---- Lists"))
            .filter(line -> line.matches("# (plans:|inputs:|models:|  .*)"))
            .map(line -> line.substring(2))
            .collect(Collectors.joining("\n"));

    Config config = parse(MINIMAL + lists);

    assertThat(Input.all(config))
        .singleElement()
        .satisfies(input -> {
          assertThat(input.topics().documents()).hasToString("invoices");
          assertThat(input.plan()).isEqualTo("invoices");
        });
  }
}

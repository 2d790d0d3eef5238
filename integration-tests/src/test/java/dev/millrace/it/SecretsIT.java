package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.millrace.cli.Main;
import dev.millrace.servers.LocalServers;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Passwords of many shapes, planted wherever a configuration takes one, and everything read that
 * the commands print with every logger at its lowest level.
 */
class SecretsIT {

  /** Each part is looked for by itself: half a password is one, too. */
  private static final List<String> PARTS = List.of("qxa1", "qxb2", "qxc3", "qxd4", "qxe5", "qxf6");

  private static final String PASSWORD = "qxa1@qxb2/qxc3:qxd4%qxe5 qxf6";
  private static final String ENCODED =
      URLEncoder.encode(PASSWORD, StandardCharsets.UTF_8).replace("+", "%20");
  private static final String BASE64 =
      Base64.getEncoder().encodeToString(("ann:" + PASSWORD).getBytes(StandardCharsets.UTF_8));

  @TempDir private Path directory;
  private final List<Process> started = new ArrayList<>();
  private Path logging = Path.of("unset");

  private record Said(int code, String text) {}

  /** The product's own logging, but all of it. */
  @BeforeEach
  void logEverything() throws IOException {
    String own;
    try (InputStream file = Main.class.getResourceAsStream("/logback.xml")) {
      own = new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8);
    }
    logging = directory.resolve("logback.xml");
    String all = own.replaceAll("level=\"[A-Z]+\"", "level=\"ALL\"");
    assertThat(all).isNotEqualTo(own).contains("<root level=\"ALL\">");
    Files.writeString(logging, all);
  }

  @AfterEach
  void endProcess() {
    started.forEach(Process::destroyForcibly);
  }

  private Process start(Path output, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--add-modules=jdk.incubator.vector",
            "--sun-misc-unsafe-memory-access=allow",
            "-Xmx1g",
            "-XX:TieredStopAtLevel=1",
            "-Dlogback.configurationFile=" + logging,
            "-Dmillrace.home=" + StreamHarness.root(),
            "-Dai.djl.offline=true"));
    command.addAll(StreamHarness.place());
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), Main.class.getName(), "--debug"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private record Running(List<String> arguments, Process process, Path output) {
    String name() {
      return String.join(" ", arguments);
    }
  }

  /** Starts a command beside others: most of its time, it waits for a server. */
  private Running begin(Map<String, String> environment, String... arguments) throws Exception {
    Path output = Files.createTempFile(directory, "said", ".txt");
    return new Running(List.of(arguments), start(output, environment, arguments), output);
  }

  private static Said end(Running running) throws Exception {
    Process process = running.process();
    boolean ended = process.waitFor(StreamHarness.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertThat(ended).as(running::name).isTrue();
    return new Said(process.exitValue(), read(running.output()));
  }

  private Said run(String... arguments) throws Exception {
    return end(begin(Map.of(), arguments));
  }

  private static String read(Path output) throws IOException {
    return new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
  }

  private static void assertNoSecret(String what, String text) {
    List<String> secrets = new ArrayList<>(PARTS);
    secrets.add(BASE64);
    for (String secret : secrets) {
      int at = text.indexOf(secret);
      // Megabytes: only the place is told.
      assertThat(at < 0 ? "" : text.substring(text.lastIndexOf('\n', at) + 1, at + secret.length()))
          .as("%s shows %s", what, secret)
          .isEmpty();
    }
  }

  /** Wherever a secret may stand without being used: the clients get to see them all. */
  private static Map<String, String> planted() {
    Map<String, String> settings = new HashMap<>();
    String quoted = PASSWORD.replace("\"", "\\\"");
    settings.put(
        "kafka.client.sasl.jaas.config",
        "org.apache.kafka.common.security.plain.PlainLoginModule required username='ann'"
            .replace('\'', '^')
            .concat(" password=^" + quoted + "^;")
            .replace("^", "\\\""));
    settings.put("kafka.client.ssl.truststore.password", PASSWORD);
    settings.put("kafka.client.ssl.keystore.password", PASSWORD);
    settings.put("kafka.client.ssl.key.password", PASSWORD);
    settings.put("kafka.client.ssl.keystore.key", PASSWORD);
    settings.put("kafka.client.sasl.oauthbearer.client.credentials.client.secret", PASSWORD);
    settings.put(
        "kafka.client.sasl.oauthbearer.token.endpoint.url",
        "https://ann:" + ENCODED + "@127.0.0.1/token?client_secret=" + ENCODED);
    settings.put(
        "kafka.client.sasl.oauthbearer.jwks.endpoint.url",
        "https://ann:" + ENCODED + "@127.0.0.1/k");
    return settings;
  }

  private static String withUser(String url) {
    return url.replaceFirst("//", "//ann:" + ENCODED + "@");
  }

  @Test
  void shouldPrintNoSecretWhileAllIsWell() throws Exception {
    assumeThat(StreamHarness.root().resolve("inference-core/models/demo/enrichment.yaml"))
        .as("SKIPPED, because the demo model has no plan")
        .exists();
    try (LocalServers servers = LocalServers.start()) {
      Map<String, String> settings = planted();
      settings.put(
          "model.dir", StreamHarness.root().resolve("inference-core/models/demo").toString());
      settings.put("model.kv.memory", "64MiB");
      settings.put("documents.format", "json");
      String config =
          StreamHarness.config(
                  directory,
                  servers.broker().bootstrapServers(),
                  withUser(servers.registry().url()),
                  settings)
              .toString();

      for (String command : List.of("topics", "schemas")) {
        for (String verb : List.of(command.equals("topics") ? "create" : "register", "check")) {
          Said said = run(command, verb, "--config", config);
          assertThat(said.code()).as(said.text()).isZero();
          assertThat(said.text()).contains(" DEBUG ");
          assertNoSecret(command + " " + verb, said.text());
        }
      }
      Path output = directory.resolve("run.txt");
      Process process = start(output, Map.of(), "run", "--config", config);
      long deadline = System.nanoTime() + StreamHarness.PATIENCE.toNanos();
      while (process.isAlive() && !read(output).contains("to RUNNING")) {
        assertThat(System.nanoTime()).as("not running").isLessThan(deadline);
        Thread.sleep(200);
      }
      process.destroy();
      assertThat(process.waitFor(StreamHarness.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      String text = read(output);
      // Kafka logs this one, which is no password to it; so the test reads what it means to read.
      assertThat(text)
          .contains("to RUNNING", "schema.registry.url=[http://***@127.0.0.1:")
          .contains("sasl.oauthbearer.token.endpoint.url = https://***@127.0.0.1/token?***");
      assertNoSecret("run", text);
    }
  }

  /** Servers that do not answer, or are none: the commands wait for them side by side. */
  @Test
  void shouldPrintNoSecretWhenServersAreWrong() throws Exception {
    Map<String, String> registryByBroker =
        Map.of(
            "127.0.0.1:1", "http://127.0.0.1:2",
            "no-such-host.invalid:9092", "https://no-such-host.invalid",
            "127.0.0.1:3", "https://127.0.0.1:2/apis");
    Map<String, String> settings = planted();
    settings.put("kafka.client.security.protocol", "SASL_PLAINTEXT");
    settings.put("kafka.client.sasl.mechanism", "PLAIN");
    List<Running> commands = new ArrayList<>();
    for (Map.Entry<String, String> servers : registryByBroker.entrySet()) {
      String config =
          StreamHarness.config(
                  Files.createTempDirectory(directory, "wrong"),
                  servers.getKey(),
                  withUser(servers.getValue()),
                  settings)
              .toString();
      commands.add(begin(Map.of(), "run", "--config", config));
      commands.add(begin(Map.of(), "topics", "check", "--config", config));
      commands.add(begin(Map.of(), "schemas", "check", "--config", config));
    }
    assertAllFailWithoutASecret(commands);
  }

  private static void assertAllFailWithoutASecret(List<Running> commands) throws Exception {
    for (Running command : commands) {
      Said said = end(command);
      assertThat(said.code()).as(said.text()).isEqualTo(1);
      assertNoSecret(command.name(), said.text());
    }
  }

  /** A real broker that wants no login, a truststore that is none, a registry that is a broker. */
  @Test
  void shouldPrintNoSecretWhenALoginFails() throws Exception {
    try (LocalServers servers = LocalServers.start()) {
      String broker = servers.broker().bootstrapServers();
      Path store = directory.resolve("store.jks");
      Files.writeString(store, "no key store");
      List<Running> commands = new ArrayList<>();
      for (Map<String, String> security :
          List.of(
              Map.of(
                  "kafka.client.security.protocol", "SASL_PLAINTEXT",
                  "kafka.client.sasl.mechanism", "PLAIN"),
              Map.of(
                  "kafka.client.security.protocol",
                  "SSL",
                  "kafka.client.ssl.truststore.location",
                  store.toString()),
              Map.of(
                  "kafka.client.security.protocol", "SASL_PLAINTEXT",
                  "kafka.client.sasl.mechanism", "OAUTHBEARER"))) {
        Map<String, String> settings = planted();
        settings.putAll(security);
        if (!security.containsValue("SSL")) {
          settings.remove("kafka.client.ssl.keystore.key");
        }
        // A directory of its own: the commands run side by side.
        String config =
            StreamHarness.config(
                    Files.createTempDirectory(directory, "login"),
                    broker,
                    withUser("http://" + broker),
                    settings)
                .toString();
        for (String command : List.of("topics", "schemas")) {
          commands.add(begin(Map.of(), command, "check", "--config", config));
        }
      }
      assertAllFailWithoutASecret(commands);
    }
  }

  /** The demo takes no configuration; it is given one by the environment all the same. */
  @Test
  void shouldPrintNoSecretInTheDemo() throws Exception {
    assumeThat(StreamHarness.root().resolve("inference-core/models/demo/enrichment.yaml"))
        .as("SKIPPED, because the demo model has no plan")
        .exists();

    Said said =
        end(
            begin(
                Map.of(
                    "MILLRACE_SCHEMA_REGISTRY_PASSWORD", PASSWORD,
                    "MILLRACE_SCHEMA_REGISTRY_URL", withUser("http://127.0.0.1:2"),
                    "MILLRACE_KAFKA_CLIENT_SSL_KEY_PASSWORD", PASSWORD),
                "demo",
                "--documents",
                "2",
                "--json"));

    assertThat(said.code()).as(said.text().lines().reduce((_, last) -> last).orElse("")).isZero();
    assertThat(said.text()).contains("\"totals\"");
    assertNoSecret("demo", said.text());
  }
}

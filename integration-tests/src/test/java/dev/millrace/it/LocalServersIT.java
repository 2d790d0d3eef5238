package dev.millrace.it;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.servers.LocalBroker;
import dev.millrace.servers.LocalRegistry;
import dev.millrace.servers.LocalServers;
import dev.millrace.servers.ServerOptions;
import dev.millrace.servers.StartListener;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real broker and the real registry: they start, survive what tests do to them, and go. */
class LocalServersIT {

  private static final String SCHEMA = "{\"schema\":\"\\\"string\\\"\"}";

  /** Long, for a machine that is busy; only a failure waits for it. */
  private static final Duration PATIENT = Duration.ofMinutes(3);

  private static final TopicPartition PARTITION = new TopicPartition("t", 0);

  @TempDir private Path logs;

  @Test
  void shouldStartServeSurviveAndGo() throws Exception {
    List<String> heard = Collections.synchronizedList(new ArrayList<>());
    Path brokerDirectory;
    Path registryDirectory;
    long brokerPid;
    long registryPid;
    try (LocalServers servers =
        LocalServers.start(
            ServerOptions.BROKER.withLogDirectory(logs),
            ServerOptions.REGISTRY.withLogDirectory(logs),
            listener(heard))) {
      assertThat(heard)
          .contains("starting broker", "starting registry")
          .contains("ready broker", "ready registry");
      brokerPid = servers.broker().pid();
      registryPid = servers.registry().pid();
      brokerDirectory = directoryOf(brokerPid);
      registryDirectory = directoryOf(registryPid);
      assertThat(brokerDirectory).isDirectory();
      assertThat(registryDirectory).isDirectory();
      shouldKeepCommittedRecordsOverACrash(servers.broker());
      shouldKeepIdsOverACrash(servers.registry());
      shouldHoldConnectionsWhilePaused(servers.registry());
    }
    assertThat(brokerDirectory).doesNotExist();
    assertThat(registryDirectory).doesNotExist();
    assertThat(ProcessHandle.of(brokerPid).filter(ProcessHandle::isAlive)).isEmpty();
    assertThat(ProcessHandle.of(registryPid).filter(ProcessHandle::isAlive)).isEmpty();
    assertThat(logs.resolve("broker.log")).exists();
    assertThat(logs.resolve("registry.log")).exists();
  }

  private static void shouldKeepCommittedRecordsOverACrash(LocalBroker broker) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      admin
          .createTopics(List.of(new NewTopic("t", 1, (short) 1)))
          .all()
          .get(PATIENT.toSeconds(), SECONDS);
    }
    try (Producer<String, String> producer = producer(broker, "before")) {
      producer.initTransactions();
      producer.beginTransaction();
      Future<RecordMetadata> aborted = producer.send(new ProducerRecord<>("t", "aborted"));
      producer.flush();
      assertThat(aborted).isDone();
      producer.abortTransaction();
      producer.beginTransaction();
      assertThat(producer.send(new ProducerRecord<>("t", "committed"))).isNotNull();
      producer.commitTransaction();
    }
    int port = broker.port();

    broker.kill();
    assertThat(broker.isRunning()).isFalse();
    broker.restart();

    assertThat(broker.port()).isEqualTo(port);
    try (Producer<String, String> producer = producer(broker, "after")) {
      producer.initTransactions();
      producer.beginTransaction();
      assertThat(producer.send(new ProducerRecord<>("t", "again"))).isNotNull();
      producer.commitTransaction();
    }
    List<String> read = read(broker, 2);
    assertThat(read)
        .as(
            "read within %s; %s",
            PATIENT,
            read.size() == 2
                ? ""
                : Transactions.describe(broker, PARTITION, List.of("before", "after")))
        .containsExactly("committed", "again");
  }

  private static Producer<String, String> producer(LocalBroker broker, String id) {
    return new KafkaProducer<>(
        Map.of(
            "bootstrap.servers",
            broker.bootstrapServers(),
            "transactional.id",
            id,
            "max.block.ms",
            Long.toString(PATIENT.toMillis())),
        new StringSerializer(),
        new StringSerializer());
  }

  private static List<String> read(LocalBroker broker, int records) {
    List<String> values = new ArrayList<>();
    try (Consumer<String, String> consumer =
        new KafkaConsumer<>(
            Map.of(
                "bootstrap.servers", broker.bootstrapServers(),
                "isolation.level", "read_committed",
                "auto.offset.reset", "earliest"),
            new StringDeserializer(),
            new StringDeserializer())) {
      consumer.assign(List.of(PARTITION));
      long begin = System.nanoTime();
      while (values.size() < records && System.nanoTime() - begin < PATIENT.toNanos()) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
          values.add(record.value());
        }
      }
    }
    return values;
  }

  private static void shouldKeepIdsOverACrash(LocalRegistry registry) throws Exception {
    String id = post(registry, "/subjects/s-value/versions");
    String url = registry.url();

    registry.kill();
    assertThatThrownBy(() -> get(registry, "/subjects")).isInstanceOf(IOException.class);
    registry.restart();

    assertThat(registry.url()).isEqualTo(url);
    assertThat(get(registry, "/subjects")).isEqualTo("[\"s-value\"]");
    assertThat(post(registry, "/subjects/s-value/versions")).isEqualTo(id);
    assertThat(get(registry, "/config")).contains("BACKWARD");
  }

  private static void shouldHoldConnectionsWhilePaused(LocalRegistry registry) throws Exception {
    registry.pause();
    assertThat(registry.isPaused()).isTrue();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(registry.url() + "/subjects"))
            .timeout(Duration.ofSeconds(2));
    assertThatThrownBy(() -> send(request)).isInstanceOf(HttpTimeoutException.class);

    registry.resume();

    assertThat(get(registry, "/subjects")).isEqualTo("[\"s-value\"]");
    registry.pause();
  }

  private static StartListener listener(List<String> heard) {
    return new StartListener() {
      @Override
      public void onStarting(String server, Path log) {
        heard.add("starting " + server);
      }

      @Override
      public void onReady(String server, String address, Duration took) {
        heard.add("ready " + server);
        System.err.printf(
            Locale.ROOT, "%s ready at %s after %d ms%n", server, address, took.toMillis());
      }
    };
  }

  /** A server is started with an argument file in its private directory. */
  private static Path directoryOf(long pid) throws IOException {
    String line = Files.readString(Path.of("/proc/" + pid + "/cmdline"));
    Path file = Path.of(line.substring(line.indexOf('@') + 1).split("\0")[0]);
    return Objects.requireNonNull(file.getParent(), "directory of " + file);
  }

  private static String get(LocalRegistry registry, String path) throws Exception {
    return send(HttpRequest.newBuilder(URI.create(registry.url() + path)).timeout(PATIENT).GET());
  }

  private static String post(LocalRegistry registry, String path) throws Exception {
    return send(
        HttpRequest.newBuilder(URI.create(registry.url() + path))
            .timeout(PATIENT)
            .header("Content-Type", "application/vnd.schemaregistry.v1+json")
            .POST(HttpRequest.BodyPublishers.ofString(SCHEMA)));
  }

  private static String send(HttpRequest.Builder request) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      return String.valueOf(response.body());
    }
  }
}

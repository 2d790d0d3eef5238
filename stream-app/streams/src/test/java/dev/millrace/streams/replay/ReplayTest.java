package dev.millrace.streams.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.schema.SchemaRole;
import dev.millrace.streams.replay.ReplayNode.Arrival;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Promise 2 across processes: the same documents give the same records, whatever the partition,
 * order, batch and threads. Two processes, because what has no order of its own (such as {@code
 * Map.copyOf}) has the same one as long as a process lives.
 */
class ReplayTest {
  private static final Path ROOT = Path.of(System.getProperty("millrace.root"));
  private static final Path DEMO = ROOT.resolve("inference-core/models/demo");
  private static final int PATIENCE_SECONDS = 240;
  private static final int DOCUMENTS = 500;
  private static final long SEED = 20260131;

  private static final Arrival ONE_BY_ONE = new Arrival(0, 1, 0, 1, 4, 1);
  private static final Arrival ALL_AT_ONCE = new Arrival(99, 3, 17, 120, 64, 4);

  /** Names its messages' keys, as templates that print a message as JSON do. */
  private static final String TEMPLATE =
      """
      {{ bos_token }}{% for message in messages %}<|header_start|>{{ message['role'] }}\
      <|header_end|>{% for key in message %}[{{ key }}]{% endfor %}

      {{ message['content'] }}<|eot|>{% endfor %}\
      {% if add_generation_prompt %}<|header_start|>assistant<|header_end|>

      {% endif %}\
      """;

  private static final String PLAN =
      """
      promptVersion: replay
      language: en
      system: "You read mill ledgers."
      documents: {tokensMax: 300, partsMax: 8, beyond: read-first}
      tasks:
        summarise:
          instruction: " Summarise."
          reduceInstruction: " Join the summaries."
          tokensMax: 120
        generate:
          - {name: note, instruction: " A note.", tokensMax: 100}
          - {name: advice, instruction: " Advice.", tokensMax: 100}
        classify:
          - instruction: " Which trade?"
            abstainBelow: 0.2
            labels:
              - {name: miller, text: grinding}
              - {name: farmer, text: growing}
              - {name: baker, text: baking}
              - {name: carter, text: carting}
              - {name: smith, text: forging}
              - {name: mason, text: building}
              - {name: cooper, text: barrels}
              - weaver
              - tailor
              - tanner
              - potter
              - brewer
          - {name: urgency, instruction: " How soon?", labels: [today, this week, later]}
          - name: tags
            choose: any
            instruction: " Of {label}?"
            labels: [water, wind, dust, grain, stone]
        translate:
          - {to: it, instruction: " To Italian.", tokensMax: 200}
          - {to: de, from: [fr, it, en], instruction: " To German.", tokensMax: 200}
          - {to: fr, from: others, instruction: " To French.", tokensMax: 200}
          - {to: es, instruction: " To Spanish.", tokensMax: 200}
          - {to: ja, instruction: " To Japanese.", tokensMax: 200}
        screen:
          template: "Policy:\\n{categories}\\n\\nText:\\n{document}"
          policyVersion: "7"
          categories: {S14: Water, S1: Fire, S9: Dust, S3: Weights, S2: Measures, S8: Tolls}
          threshold: 0.7
          tokensMax: 20
      """;

  @TempDir private static Path directory;

  private static List<Output> first = List.of();
  private static List<Output> second = List.of();

  @BeforeAll
  static void runTwoProcesses() throws Exception {
    Input.write(directory.resolve("inputs"), Input.random(DOCUMENTS, SEED));
    Files.writeString(directory.resolve("plan.yaml"), PLAN);
    Files.writeString(directory.resolve("chat_template.jinja"), TEMPLATE);
    Files.copy(DEMO.resolve("tokenizer_config.json"), directory.resolve("tokenizer_config.json"));
    Process one = node("first", ONE_BY_ONE);
    Process two = node("second", ALL_AT_ONCE);
    first = outputs("first", one);
    second = outputs("second", two);
  }

  @Test
  void shouldRunInProcessesThatDiffer() {
    assertThat(values(first, ReplayNode.SALT)).isNotEqualTo(values(second, ReplayNode.SALT));
    assertThat(positions(first)).doesNotContainAnyElementsOf(positions(second));
  }

  @Test
  void shouldWriteTheSameRecordsInAnotherProcess() throws IOException {
    Map<Integer, String> expected = masked(first);
    Map<Integer, String> found = masked(second);

    assertThat(expected).as("seed %d", SEED).hasSize(DOCUMENTS);
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    for (var each : expected.entrySet()) {
      assertThat(found.get(each.getKey()))
          .as("seed %d, document %d", SEED, each.getKey())
          .isEqualTo(each.getValue());
    }
  }

  @Test
  void shouldProduceTheSameBytesInAnotherProcess() {
    assertThat(values(second, ReplayNode.PRODUCED))
        .hasSizeGreaterThan(DOCUMENTS / 2)
        .isEqualTo(values(first, ReplayNode.PRODUCED));
  }

  @Test
  void shouldMeetEveryKindOfRecord() throws IOException {
    for (String topic : outcomeTopics()) {
      assertThat(first.stream().filter(output -> output.topic().equals(topic)).count())
          .as(topic)
          .isGreaterThan(10);
    }
    assertThat(masked(first).values())
        .anyMatch(record -> record.contains("ANSWER_REPEATS"))
        .anyMatch(record -> record.contains("LANGUAGE_ASSUMED"))
        .anyMatch(record -> record.contains("\"S14\", \"S1\", \"S9\""))
        .anyMatch(record -> record.contains("\"abstained\": true"))
        .anyMatch(record -> record.contains("\"task\": \"advice\""))
        .anyMatch(
            record -> record.matches("(?s).*\"task\": \"tags\".*\"labels\": \\[\"[a-z]+\", .*"));
  }

  private static List<String> outcomeTopics() {
    return ReplayNode.TOPICS.outputs().all();
  }

  /** Records by the number of their input. */
  private static Map<Integer, String> masked(List<Output> outputs) throws IOException {
    Map<Integer, String> masked = new TreeMap<>();
    for (Output output : outputs) {
      if (outcomeTopics().contains(output.topic())) {
        SchemaRole role =
            output.topic().equals(ReplayNode.TOPICS.outputs().deadLetter())
                ? SchemaRole.DEAD_LETTER
                : SchemaRole.ENRICHED_DOCUMENT;
        String twice = masked.put(number(output), Masked.of(output, role));
        assertThat(twice).as("a second outcome of one document").isNull();
      }
    }
    return masked;
  }

  /** A dead letter has the document's headers inside; its timestamp tells as much. */
  private static int number(Output output) {
    Header header = output.headers().lastHeader(Input.NUMBER);
    return header == null
        ? Math.toIntExact(output.timestamp() - Input.NOON)
        : Integer.parseInt(new String(header.value(), StandardCharsets.UTF_8));
  }

  private static List<String> positions(List<Output> outputs) {
    return outputs.stream()
        .filter(output -> outcomeTopics().contains(output.topic()))
        .map(output -> output.headers().lastHeader("millrace.message.id").value())
        .map(id -> new String(id, StandardCharsets.UTF_8))
        .toList();
  }

  private static List<String> values(List<Output> outputs, String topic) {
    return outputs.stream()
        .filter(output -> output.topic().equals(topic))
        .map(output -> Arrays.toString(output.value()))
        .toList();
  }

  private static Process node(String name, Arrival arrival) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Dai.djl.offline=true",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                ReplayNode.class.getName(),
                directory.toString(),
                DEMO.toString(),
                directory.resolve(name).toString()));
    command.addAll(arrival.arguments());
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve(name + ".log").toFile())
        .start();
  }

  private static List<Output> outputs(String name, Process process) throws Exception {
    process.getOutputStream().close();
    boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly();
    }
    String log = Files.readString(directory.resolve(name + ".log"));
    assertThat(ended).as("the %s process ends; it says: %s", name, log).isTrue();
    assertThat(process.exitValue()).as(log).isZero();
    return Output.read(directory.resolve(name));
  }
}

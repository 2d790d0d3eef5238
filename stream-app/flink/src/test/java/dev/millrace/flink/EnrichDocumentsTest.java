package dev.millrace.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.flink.types.EnrichmentTypes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

// Closing an environment may be interrupted.
@SuppressWarnings("try")
class EnrichDocumentsTest {
  private static final int DOCUMENTS = 1_200;
  private static final EnrichOptions OPTIONS =
      EnrichOptions.of(
          Map.of(
              "model.dir", "nowhere",
              "processing.backoff.min", "2ms",
              "processing.attempts.max", "2",
              "flink.capacity", "50"));

  /** How often each document's outcome has reached the end of the job, by the job's own state. */
  private static final Map<String, Integer> COUNTS = new ConcurrentHashMap<>();

  private static final Queue<Tuple2<String, Outcome>> OUTCOMES = new ConcurrentLinkedQueue<>();
  private static final AtomicInteger SEEN = new AtomicInteger();

  private static StreamExecutionEnvironment environment(
      int parallelism, Map<String, String> settings) {
    TreeMap<String, String> all =
        new TreeMap<>(
            Map.of(
                "restart-strategy.type", "fixed-delay",
                "restart-strategy.fixed-delay.attempts", "3",
                "restart-strategy.fixed-delay.delay", "20ms",
                "execution.checkpointing.interval", "50ms",
                "pipeline.generic-types", "false"));
    all.putAll(settings);
    return StreamExecutionEnvironment.createLocalEnvironment(
        parallelism, Configuration.fromMap(all));
  }

  private static String kind(long number) {
    return switch ((int) (number % 100)) {
      case 7 -> "reject";
      case 9 -> "quarantine";
      case 11 -> "slow";
      case 13 -> "stuck";
      default -> number == 17 ? "fault" : "text";
    };
  }

  private static DataStream<Document> documents(StreamExecutionEnvironment environment, long last) {
    return environment
        .fromSequence(1, last)
        .map(number -> Document.of("d" + number, kind(number) + " " + number, "en"))
        .returns(EnrichmentTypes.DOCUMENT);
  }

  /** A lost engine, a failure behind the operator, and documents in work in each checkpoint. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldGiveEachDocumentOneOutcomeThoughTheJobFails(boolean unaligned) throws Exception {
    ScriptedPlan.reset(800);
    COUNTS.clear();
    OUTCOMES.clear();
    SEEN.set(0);
    try (StreamExecutionEnvironment environment =
        environment(
            2, Map.of("execution.checkpointing.unaligned.enabled", String.valueOf(unaligned)))) {
      EnrichDocuments.of(OPTIONS, _ -> new ScriptedPlan())
          .enrichById(documents(environment, DOCUMENTS))
          .keyBy(outcome -> outcome.f0, Types.STRING)
          .process(new Counter())
          .uid("count");
      environment.execute("own job");
    }

    assertThat(COUNTS).hasSize(DOCUMENTS).allSatisfy((_, count) -> assertThat(count).isEqualTo(1));
    assertThat(OUTCOMES).allSatisfy(outcome -> expect(outcome.f0, outcome.f1));
    assertThat(SEEN).as("failed once behind it").hasValueGreaterThan(400);
    assertThat(ScriptedPlan.OPENED).as("a lost engine is replaced, and no other").hasValue(2);
    assertThat(Soon.holds(() -> ScriptedPlan.OPEN.get() == 0)).as("and closed at the end").isTrue();
  }

  private static void expect(String id, Outcome outcome) {
    switch (kind(Long.parseLong(id.substring(1)))) {
      case "reject" ->
          assertThat(outcome)
              .isEqualTo(new Outcome.Rejected(RejectReason.INVALID_ANSWER, "as scripted"));
      case "quarantine" -> assertThat(outcome).isInstanceOf(Outcome.Quarantined.class);
      case "slow" -> assertThat(((Outcome.Enriched) outcome).enrichment().attempt()).isEqualTo(2);
      case "stuck" ->
          assertThat(outcome)
              .isEqualTo(
                  new Outcome.Rejected(
                      RejectReason.DEADLINE,
                      "2 attempts took longer than processing.deadline = PT10M"));
      case "fault" ->
          assertThat(outcome)
              .isEqualTo(
                  new Outcome.Rejected(
                      RejectReason.INTERNAL_ERROR,
                      "the document cannot be enriched: java.lang.IllegalStateException"));
      default ->
          assertThat(((Outcome.Enriched) outcome).enrichment().document().id()).isEqualTo(id);
    }
  }

  @Test
  void shouldKeepTheOrderWhereItIsAskedFor() throws Exception {
    ScriptedPlan.reset(0);
    List<String> ids = new ArrayList<>();
    try (StreamExecutionEnvironment environment = environment(1, Map.of());
        CloseableIterator<Tuple2<String, Outcome>> outcomes =
            EnrichDocuments.of(OPTIONS.with("flink.order", "subtask"), _ -> new ScriptedPlan())
                .withUid("in-order")
                .enrichById(documents(environment, 200))
                .executeAndCollect()) {
      outcomes.forEachRemaining(outcome -> ids.add(outcome.f0));
    }

    assertThat(ids)
        .containsExactlyElementsOf(
            LongStream.rangeClosed(1, 200).mapToObj(number -> "d" + number).toList());
  }

  @Test
  void shouldRefuseDocumentsThatFlinkWouldWriteInAnotherWay() throws Exception {
    try (StreamExecutionEnvironment environment = environment(1, Map.of())) {
      DataStream<Document> documents = environment.fromData(Document.of("a", "text", "en"));

      assertThatThrownBy(() -> EnrichDocuments.of(OPTIONS).enrich(documents))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("add .returns(EnrichmentTypes.DOCUMENT)");
    }
  }

  @Test
  void shouldNameWhatIsWrongWithOptions() {
    assertThatThrownBy(() -> OPTIONS.with("flink.capasity", "3"))
        .hasMessageContaining("did you mean \"flink.capacity\"?");
    assertThat(EnrichOptions.capacity(OPTIONS.with("model.sequences.max", "8").parse()))
        .isEqualTo(50);
    assertThat(
            EnrichOptions.capacity(
                EnrichOptions.of(Map.of("model.dir", "it's", "model.sequences.max", "8")).parse()))
        .isEqualTo(8);
  }

  /** Fails once; counts in its state, and tells when all has passed. */
  private static final class Counter
      extends KeyedProcessFunction<String, Tuple2<String, Outcome>, String> {
    private static final long serialVersionUID = 1;
    private transient ValueState<Integer> count;

    @Override
    public void open(OpenContext context) {
      count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.INT));
    }

    @Override
    public void processElement(
        Tuple2<String, Outcome> outcome, Context context, Collector<String> out) throws Exception {
      if (SEEN.incrementAndGet() == 400) {
        throw new IllegalStateException("as scripted");
      }
      Integer before = count.value();
      count.update(before == null ? 1 : before + 1);
      OUTCOMES.add(outcome);
      context.timerService().registerEventTimeTimer(Long.MAX_VALUE);
    }

    @Override
    public void onTimer(long time, OnTimerContext context, Collector<String> out) throws Exception {
      COUNTS.merge(context.getCurrentKey(), count.value(), Integer::sum);
    }
  }
}

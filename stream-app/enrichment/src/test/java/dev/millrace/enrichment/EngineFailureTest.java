package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.EngineStatus;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.ModelInfo;
import dev.millrace.engine.RequestHandle;
import dev.millrace.engine.RequestListener;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.enrichment.EngineEnricher.Settings;
import dev.millrace.enrichment.Outcome.Enriched;
import dev.millrace.enrichment.Outcome.Rejected;
import dev.millrace.enrichment.testing.OutcomeRecorder;
import dev.millrace.enrichment.testing.Script;
import dev.millrace.enrichment.testing.ScriptedEngine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What happens to documents when the engine refuses, fails, is cancelled or closed. */
class EngineFailureTest extends EnricherKit {

  @Test
  void shouldMapEveryFailureOfTheEngine() {
    for (Reason reason : Reason.values()) {
      Script script =
          new Echo() {
            @Override
            public Optional<Reason> failure(String prompt) {
              return Optional.of(reason);
            }
          };

      Object answer = answer(enricher(engine(script), TASKS), doc("x"));

      Object expected =
          switch (reason) {
            case TOO_LONG -> new Rejected(RejectReason.TOO_LONG, "scripted TOO_LONG");
            case INVALID_REQUEST ->
                new Rejected(RejectReason.INTERNAL_ERROR, "scripted INVALID_REQUEST");
            case OVERLOADED -> new Deferral(Deferral.Cause.OVERLOADED, "scripted OVERLOADED");
            case DEADLINE -> new Deferral(Deferral.Cause.DEADLINE, "scripted DEADLINE");
            case CANCELLED -> new Deferral(Deferral.Cause.CANCELLED, "scripted CANCELLED");
            case ENGINE_CLOSED, ENGINE_FAILED ->
                new Deferral(Deferral.Cause.ENGINE_LOST, "scripted " + reason);
          };
      assertThat(answer).isEqualTo(expected);
    }
  }

  @Test
  void shouldStopAskingOnceAPartWasRefused() {
    Script script =
        new Echo() {
          @Override
          public Optional<Reason> failure(String prompt) {
            return prompt.startsWith("b") ? Optional.of(Reason.OVERLOADED) : Optional.empty();
          }
        };
    ScriptedEngine engine = engine(script);
    String text = "a".repeat(90) + "\n" + "b".repeat(90) + "\n" + "c".repeat(90);

    Object answer = answer(enricher(engine, TASKS), doc(text));

    assertThat(answer).isInstanceOf(Deferral.class);
    assertThat(engine.requests()).hasSize(2);
  }

  @Test
  void shouldTellEachOwnerOfItsOwnCancellationExactlyOnce() {
    ScriptedEngine engine = engine(new Echo());
    EngineEnricher enricher = enricher(engine, TASKS);
    engine.hold();
    Object mine = new Object();
    Object yours = new Object();
    OutcomeRecorder cancelled = new OutcomeRecorder();
    OutcomeRecorder kept = new OutcomeRecorder();
    enricher.submit(mine, doc("a"), 1, Long.MAX_VALUE, cancelled);
    enricher.submit(yours, doc("b"), 1, Long.MAX_VALUE, kept);

    enricher.cancelAll(mine);
    Object answer = cancelled.await();

    assertThat(((Deferral) answer).cause()).isEqualTo(Deferral.Cause.CANCELLED);
    assertThat(kept.called()).isFalse();
    releaseUntilAnswered(engine, kept);
    assertThat(kept.await()).isInstanceOf(Enriched.class);
    assertThat(cancelled.calls()).isEqualTo(1);
    assertThat(kept.calls()).isEqualTo(1);
    assertThat(enricher.documentsInWork()).isZero();
  }

  @Test
  void shouldDeferEverythingThatIsOpenWhenClosed() {
    ScriptedEngine engine = engine(new Echo());
    EngineEnricher enricher = enricher(engine, TASKS);
    engine.hold();
    List<OutcomeRecorder> open = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      OutcomeRecorder recorder = new OutcomeRecorder();
      enricher.submit(this, doc("a" + i), 1, Long.MAX_VALUE, recorder);
      open.add(recorder);
    }
    OutcomeRecorder late = new OutcomeRecorder();

    enricher.close();
    enricher.submit(this, doc("late"), 1, Long.MAX_VALUE, late);

    assertThat(open)
        .allSatisfy(recorder -> {
          assertThat(recorder.await()).isInstanceOf(Deferral.class);
          assertThat(recorder.calls()).isEqualTo(1);
        });
    assertThat(((Deferral) late.await()).cause()).isEqualTo(Deferral.Cause.ENGINE_LOST);
  }

  @Test
  void shouldAnswerOnceEvenIfTheEngineAnswersAfterTheClose() {
    ScriptedEngine engine = engine(new Echo());
    EngineEnricher enricher =
        track(
            new EngineEnricher(
                new DeafEngine(engine), PlanReader.parse(TASKS, "test"), settings()));
    engine.hold();
    OutcomeRecorder recorder = new OutcomeRecorder();
    enricher.submit(this, doc("a"), 1, Long.MAX_VALUE, recorder);
    while (engine.requests().isEmpty()) {
      Thread.onSpinWait();
    }

    enricher.close();
    engine.release();

    assertThat(((Deferral) recorder.await()).cause()).isEqualTo(Deferral.Cause.ENGINE_LOST);
    assertThat(recorder.calls()).isEqualTo(1);
  }

  /** An engine that does not listen to cancellation. */
  private record DeafEngine(ScriptedEngine engine) implements InferenceEngine {
    @Override
    public ModelInfo model() {
      return engine.model();
    }

    @Override
    public RequestHandle submit(InferenceRequest request, RequestListener listener) {
      engine.submit(request, listener);
      return () -> {};
    }

    @Override
    public void cancelAll(Object owner) {}

    @Override
    public EngineStatus status() {
      return engine.status();
    }

    @Override
    public void close() {}
  }

  /** Plans share threads, so one enricher's end must be neither early nor another's. */
  @Test
  void shouldCloseOneOfTwoEnrichersOnTheSameThreads() throws Exception {
    try (EnrichmentThreads threads = new EnrichmentThreads(1)) {
      Settings settings = new Settings("b", threads, settings().clock(), settings().metrics());
      Plan plan = PlanReader.parse(TASKS, "test");
      EngineEnricher leaving = track(new EngineEnricher(engine(new Echo()), plan, settings));
      EngineEnricher staying = track(new EngineEnricher(engine(new Echo()), plan, settings));
      CountDownLatch busy = new CountDownLatch(1);
      CountDownLatch go = new CountDownLatch(1);
      threads.execute(() -> {
        busy.countDown();
        await(go);
      });
      await(busy);
      OutcomeRecorder queued = new OutcomeRecorder();
      leaving.submit(this, doc("a"), 1, Long.MAX_VALUE, queued);

      Thread closing = Thread.ofVirtual().start(leaving::close);
      assertThat(closing.join(Duration.ofMillis(100))).as("waits for its step").isFalse();
      go.countDown();

      assertThat(closing.join(Duration.ofSeconds(20))).isTrue();
      assertThat(queued.await()).isInstanceOf(Deferral.class);
      assertThat(answer(leaving, doc("b")))
          .isEqualTo(new Deferral(Deferral.Cause.ENGINE_LOST, "the enricher is closed"));
      assertThat(answer(staying, doc("b"))).isInstanceOf(Enriched.class);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void shouldRejectADocumentThatBreaksAStepWithoutNamingItsText() {
    Script script =
        (_, _) -> {
          throw new IllegalStateException("a fault that quotes SECRET");
        };

    Rejected rejected = (Rejected) outcome(enricher(engine(script), TASKS), doc("SECRET"));

    assertThat(rejected)
        .isEqualTo(
            new Rejected(
                RejectReason.INTERNAL_ERROR,
                "fault while enriching: java.lang.IllegalStateException"));
  }
}

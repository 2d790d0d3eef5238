package dev.millrace.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.BranchResult;
import dev.millrace.engine.BranchResult.Failed;
import dev.millrace.engine.BranchResult.Generated;
import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.EngineException;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.EngineStatus.State;
import dev.millrace.engine.ModelInfo;
import dev.millrace.engine.RequestHandle;
import dev.millrace.engine.RequestListener;
import dev.millrace.engine.RequestUsage;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.metrics.EngineMetrics;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.Constraint;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.request.Owner;
import dev.millrace.engine.request.Prompt;
import dev.millrace.engine.request.SamplingParams;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The engine thread and what other threads may do to it. */
@Timeout(60)
class DeviceEngineTest {
  private static final int VOCABULARY = 50;
  private static final int CONTEXT = 512;
  private final FakeForward forward = new FakeForward(VOCABULARY, CONTEXT, 64, 200, 8);
  private final Random random = new Random(4);

  @Test
  void shouldAnswerThroughTheListener() {
    try (DeviceEngine engine = engine(options(64))) {
      InferenceRequest request = request(20, 7);
      Recorder recorder = submit(engine, request);

      assertThat(recorder.await()).isTrue();

      Generated generated = (Generated) recorder.result(0);
      assertThat(generated.tokens())
          .isEqualTo(
              new Oracle(VOCABULARY, Set.of())
                  .generate(request.prefix(), (Branch.Generate) request.branches().getFirst())
                  .tokens());
      assertThat(recorder.complaint()).isNull();
    }
    assertThat(forward.closed()).isTrue();
  }

  @Test
  void shouldRefuseTokensThatAreNotInTheVocabulary() {
    try (DeviceEngine engine = engine(options(64))) {
      Branch bad =
          new Branch.Score(new int[] {1}, List.of(new int[] {2}, new int[] {3, VOCABULARY}));
      Recorder recorder =
          submit(engine, new InferenceRequest(this, new int[] {1}, List.of(bad), 9));

      assertThat(recorder.finished()).as("answered at once").isTrue();
      Failed failed = (Failed) recorder.result(0);
      assertThat(failed.reason()).isEqualTo(Reason.INVALID_REQUEST);
      assertThat(failed.message()).contains("token 1 of label 1 of branch 0 is 50", "0 to 49");
    }
  }

  @Test
  void shouldRefuseEqualLabels() {
    try (DeviceEngine engine = engine(options(64))) {
      Branch bad = new Branch.Score(new int[0], List.of(new int[] {2}, new int[] {2}));
      Recorder recorder =
          submit(engine, new InferenceRequest(this, new int[] {1}, List.of(bad), 9));

      assertThat(((Failed) recorder.result(0)).message()).contains("labels 0 and 1");
    }
  }

  @Test
  void shouldRefuseClearlyWhatItDoesNotComputeYet() {
    try (DeviceEngine engine = engine(options(64))) {
      InferenceRequest plain = request(5, 3);
      Prompt seen =
          new Prompt(
              List.of(new Prompt.Piece.Tokens(1, 2), new Prompt.Piece.Image(new byte[] {1})));
      Branch held = ((Branch.Generate) some(3)).withConstraint(new Constraint.JsonSchema("{}"));

      assertThat(refusal(engine, plain.withAdapter("legal")))
          .isEqualTo(
              "the request names an adapter; this engine computes no adapters; ask for none");
      assertThat(
              refusal(
                  engine, new InferenceRequest(Owner.of(this), seen, "", List.of(some(3)), late())))
          .isEqualTo(
              "piece 1 of the prompt is an image; this engine computes no images; leave it out");
      assertThat(
              refusal(
                  engine,
                  new InferenceRequest(this, new int[] {1}, List.of(some(3), held), late())))
          .isEqualTo(
              "branch 1 has a constraint; this engine computes no constraints; ask for none");
    }
  }

  private String refusal(DeviceEngine engine, InferenceRequest request) {
    Recorder recorder = submit(engine, request);
    assertThat(recorder.finished()).as("answered at once").isTrue();
    Failed failed = (Failed) recorder.result(0);
    assertThat(failed.reason()).isEqualTo(Reason.INVALID_REQUEST);
    return failed.message();
  }

  @Test
  void shouldRefuseWhatIsLongerThanTheContext() {
    try (DeviceEngine engine = engine(options(64))) {
      Recorder fits = submit(engine, request(CONTEXT - 8, 7));
      Recorder tooLong = submit(engine, request(CONTEXT - 7, 7));

      assertThat(fits.await()).isTrue();
      assertThat(fits.result(0)).isInstanceOf(Generated.class);
      Failed failed = (Failed) tooLong.result(0);
      assertThat(failed.reason()).isEqualTo(Reason.TOO_LONG);
      assertThat(failed.message()).contains("needs 513 tokens", "admits 512");
    }
  }

  @Test
  void shouldRefuseWhatNeedsMoreMemoryThanThereIs() {
    FakeForward small = new FakeForward(VOCABULARY, CONTEXT, 64, 10, 8);
    try (DeviceEngine engine = engine(small, options(64), EngineMetrics.NONE)) {
      Recorder recorder = submit(engine, request(100, 7));

      Failed failed = (Failed) recorder.result(0);
      assertThat(failed.reason()).isEqualTo(Reason.TOO_LONG);
      assertThat(failed.message()).contains("14 key-value blocks of 8 tokens", "the engine has 10");
    }
  }

  @Test
  void shouldRefuseOneRequestMoreThanTheQueueHolds() throws Exception {
    CountDownLatch stepping = new CountDownLatch(1);
    CountDownLatch gate = new CountDownLatch(1);
    forward.onStep(() -> {
      stepping.countDown();
      await(gate);
    });
    try (DeviceEngine engine = engine(options(3));
        AutoCloseable _ = gate::countDown) {
      List<Recorder> all = new ArrayList<>();
      all.add(submit(engine, request(20, 2)));
      // admitted, and its step waits at the gate
      await(stepping);
      for (int i = 0; i < 4; i++) {
        all.add(submit(engine, request(20, 2)));
      }
      Recorder last = all.getLast();

      assertThat(last.finished()).isTrue();
      assertThat(((Failed) last.result(0)).reason()).isEqualTo(Reason.OVERLOADED);
      assertThat(((Failed) last.result(0)).message()).contains("queueRequestsMax=3");
      assertThat(engine.status().waitingRequests()).isEqualTo(3);

      gate.countDown();
      all.forEach(one -> assertThat(one.await()).isTrue());
      Recorder after = submit(engine, request(20, 2));
      assertThat(after.await()).isTrue();
      assertThat(after.result(0)).isInstanceOf(Generated.class);
    }
  }

  @Test
  void shouldCancelOneRequestOrAllOfAnOwner() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    forward.onStep(() -> await(gate));
    try (DeviceEngine engine = engine(options(64));
        AutoCloseable _ = gate::countDown) {
      Object mine = new Object();
      InferenceRequest first = request(20, 200);
      Recorder cancelled = new Recorder(first);
      RequestHandle handle = engine.submit(first, cancelled);
      List<Recorder> owned = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        owned.add(submit(engine, new InferenceRequest(mine, tokens(9), List.of(some(9)), late())));
      }
      Recorder other = submit(engine, request(20, 3));

      handle.cancel();
      handle.cancel();
      engine.cancelAll(mine);
      gate.countDown();

      assertThat(cancelled.await()).isTrue();
      assertThat(((Failed) cancelled.result(0)).reason()).isEqualTo(Reason.CANCELLED);
      for (Recorder one : owned) {
        assertThat(one.await()).isTrue();
        assertThat(((Failed) one.result(0)).reason()).isEqualTo(Reason.CANCELLED);
      }
      assertThat(other.await()).isTrue();
      assertThat(other.result(0)).isInstanceOf(Generated.class);
    }
  }

  @Test
  void shouldSurviveListenersThatThrow() {
    try (DeviceEngine engine = engine(options(64))) {
      AtomicInteger calls = new AtomicInteger();
      engine.submit(
          request(20, 3),
          new RequestListener() {
            @Override
            public void onToken(int branch, int token) {
              calls.incrementAndGet();
              throw new IllegalStateException("listener");
            }

            @Override
            public void onBranch(int branch, BranchResult result) {
              calls.incrementAndGet();
              throw new AssertionError("listener");
            }

            @Override
            public void onRequest(RequestUsage usage) {
              calls.incrementAndGet();
              throw new IllegalArgumentException("listener");
            }
          });
      Recorder after = submit(engine, request(20, 3));

      assertThat(after.await()).isTrue();
      assertThat(calls).hasValue(5);
      assertThat(engine.status().state()).isEqualTo(State.RUNNING);
    }
  }

  @Test
  void shouldFailEverythingWhenTheDeviceIsLost() {
    forward.failAfterSteps(3);
    DeviceEngine engine = engine(options(64));
    List<Recorder> all = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      all.add(submit(engine, request(20, 100)));
    }

    for (Recorder one : all) {
      assertThat(one.await()).isTrue();
      assertThat(((Failed) one.result(0)).reason()).isEqualTo(Reason.ENGINE_FAILED);
      assertThat(one.complaint()).isNull();
    }
    assertThat(engine.status().state()).isEqualTo(State.FAILED);
    Recorder after = submit(engine, request(20, 1));
    assertThat(((Failed) after.result(0)).reason()).isEqualTo(Reason.ENGINE_FAILED);
    engine.close();
    assertThat(engine.status().state()).isEqualTo(State.CLOSED);
    assertThat(forward.closed()).isTrue();
  }

  @Test
  void shouldFailTheUnfinishedWhenClosed() {
    CountDownLatch stepping = new CountDownLatch(1);
    CompletableFuture<DeviceEngine> itself = new CompletableFuture<>();
    forward.onStep(() -> {
      stepping.countDown();
      // the first step lasts until the engine is being closed
      while (itself.join().status().state() == State.RUNNING) {
        Thread.onSpinWait();
      }
    });
    DeviceEngine engine = engine(options(64));
    itself.complete(engine);
    List<Recorder> all = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      all.add(submit(engine, request(400, 100)));
    }
    await(stepping);

    engine.close();
    engine.close();

    for (Recorder one : all) {
      assertThat(one.finished()).as("before close returns").isTrue();
      assertThat(((Failed) one.result(0)).reason()).isEqualTo(Reason.ENGINE_CLOSED);
    }
    Recorder after = submit(engine, request(20, 1));
    assertThat(((Failed) after.result(0)).reason()).isEqualTo(Reason.ENGINE_CLOSED);
    assertThat(engine.status().state()).isEqualTo(State.CLOSED);
    assertThat(engine.status().runningRequests()).isZero();
  }

  @Test
  void shouldLetAListenerCloseTheEngine() throws InterruptedException {
    DeviceEngine engine = engine(options(64));
    CountDownLatch closed = new CountDownLatch(1);
    AtomicReference<String> thread = new AtomicReference<>("");
    engine.submit(
        request(20, 3),
        new RequestListener() {
          @Override
          public void onBranch(int branch, BranchResult result) {
            thread.set(Thread.currentThread().getName());
            engine.close();
          }

          @Override
          public void onRequest(RequestUsage usage) {
            closed.countDown();
          }
        });

    closed.await();
    engine.close();

    assertThat(thread).hasValue("engine-fake0");
    assertThat(forward.closed()).isTrue();
  }

  @Test
  void shouldSayWhyItCannotStart() {
    assertThatThrownBy(() ->
            TestEngines.start(
                () -> {
                  throw new EngineException("no such model");
                },
                "engine-fake0",
                options(4),
                EngineMetrics.NONE,
                System::nanoTime))
        .isInstanceOf(EngineException.class)
        .hasMessage("no such model");
    assertThatThrownBy(() ->
            TestEngines.start(
                () -> {
                  throw new IllegalStateException("strange");
                },
                "engine-fake0",
                options(4),
                EngineMetrics.NONE,
                System::nanoTime))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("strange");
  }

  @Test
  void shouldAnswerEachRequestOnceWhateverManyThreadsDo() throws InterruptedException {
    for (int round = 0; round < 20; round++) {
      stress(round);
    }
  }

  /** Threads submit and cancel; the engine is closed, or its device fails, in the middle. */
  private void stress(int round) throws InterruptedException {
    FakeForward device = new FakeForward(VOCABULARY, CONTEXT, 64, 200, 8);
    if (round % 3 == 2) {
      device.failAfterSteps(60);
    }
    DeviceEngine engine = engine(device, options(30), EngineMetrics.NONE);
    ConcurrentLinkedQueue<Recorder> all = new ConcurrentLinkedQueue<>();
    AtomicBoolean stop = new AtomicBoolean();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Random own = new Random(31L * round + i);
      Object who = new Object();
      threads.add(
          Thread.ofPlatform()
              .name("submitter-" + i)
              .start(() -> {
                while (!stop.get() && all.size() < 4000) {
                  InferenceRequest request =
                      new InferenceRequest(
                          who,
                          own.ints(1 + own.nextInt(60), 0, VOCABULARY).toArray(),
                          List.of(some(1 + own.nextInt(10)), some(3)),
                          own.nextInt(10) == 0 ? System.nanoTime() + 100_000 : late());
                  Recorder recorder = new Recorder(request);
                  all.add(recorder);
                  RequestHandle handle = engine.submit(request, recorder);
                  if (own.nextInt(5) == 0) {
                    handle.cancel();
                  } else if (own.nextInt(50) == 0) {
                    engine.cancelAll(who);
                  }
                  engine.status();
                }
              }));
    }
    Thread.sleep(30);
    if (round % 3 == 0) {
      engine.close();
    }
    stop.set(true);
    for (Thread thread : threads) {
      thread.join();
    }
    if (round % 3 == 1) {
      // left alone, the engine finishes what it accepted
      all.forEach(one -> assertThat(one.await()).as("round %d", round).isTrue());
      assertThat(engine.status().waitingRequests()).isZero();
    }
    engine.close();
    for (Recorder one : all) {
      assertThat(one.finished()).as("round %d: answered", round).isTrue();
      assertThat(one.complaint()).as("round %d", round).isNull();
    }
  }

  // ---- small words

  private Recorder submit(DeviceEngine engine, InferenceRequest request) {
    Recorder recorder = new Recorder(request);
    engine.submit(request, recorder);
    return recorder;
  }

  private InferenceRequest request(int prefix, int tokensMax) {
    return new InferenceRequest(this, tokens(prefix), List.of(some(tokensMax)), late());
  }

  private static Branch some(int tokensMax) {
    return new Branch.Generate(new int[] {1}, tokensMax, SamplingParams.GREEDY);
  }

  private static long late() {
    return Long.MAX_VALUE;
  }

  private int[] tokens(int count) {
    return random.ints(count, 0, VOCABULARY).toArray();
  }

  private static EngineOptions options(int queue) {
    return new EngineOptions("fake", BackendOptions.DEFAULTS, 64, 0, 16, queue, true);
  }

  private DeviceEngine engine(EngineOptions options) {
    return engine(forward, options, EngineMetrics.NONE);
  }

  private static DeviceEngine engine(
      FakeForward device, EngineOptions options, EngineMetrics metrics) {
    return TestEngines.start(
        () -> new LoadedModel(info(), device, () -> {}),
        "engine-fake0",
        options,
        metrics,
        System::nanoTime);
  }

  private static ModelInfo info() {
    return new ModelInfo(
        "fake",
        Path.of("fake"),
        "0".repeat(64),
        "none",
        CONTEXT,
        VOCABULARY,
        new FakeText(),
        new FakeText(),
        new int[0],
        new BackendInfo("fake", "none", "none", 0, "bitwise"));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(Arrays.toString(e.getStackTrace()), e);
    }
  }
}

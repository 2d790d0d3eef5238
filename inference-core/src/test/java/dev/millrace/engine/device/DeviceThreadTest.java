package dev.millrace.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.engine.BranchResult.Failed;
import dev.millrace.engine.BranchResult.Generated;
import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.EngineException;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.EngineStatus.State;
import dev.millrace.engine.ModelInfo;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.metrics.EngineMetrics;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.request.SamplingParams;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two models on one device: turns, separation, coming and going. */
@Timeout(60)
final class DeviceThreadTest {
  private static final int VOCABULARY = 50;
  private static final int CONTEXT = 512;

  /** So long both models have work when each has 600 requests. */
  private static final int BUSY_STEPS = 400;

  private final FakeForward first = forward();
  private final FakeForward second = forward();
  private final Random random = new Random(8);
  private final Map<String, Long> rows = new TreeMap<>();
  private final Map<String, Long> rowsOfFirstSteps = new TreeMap<>();
  private int steps;
  private final EngineMetrics counting =
      new EngineMetrics() {
        @Override
        public void step(String model, int decodeRows, int prefillRows, long nanos) {
          rows.merge(model, (long) decodeRows + prefillRows, Long::sum);
          if (steps++ < BUSY_STEPS) {
            rowsOfFirstSteps.merge(model, (long) decodeRows + prefillRows, Long::sum);
          }
        }
      };

  @Test
  void shouldAnswerBothAsEachAloneWould() {
    List<DeviceEngine> engines = start(1, 1);
    List<Recorder> recorders = new ArrayList<>();
    List<InferenceRequest> requests = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      InferenceRequest request = request(1 + random.nextInt(100), 1 + random.nextInt(20));
      requests.add(request);
      recorders.add(submit(engines.get(i % 2), request));
    }
    for (int i = 0; i < requests.size(); i++) {
      assertThat(recorders.get(i).await()).isTrue();
      assertThat(((Generated) recorders.get(i).result(0)).tokens())
          .isEqualTo(expected(requests.get(i)));
    }
    engines.forEach(DeviceEngine::close);
    assertThat(first.closed()).isTrue();
    assertThat(second.closed()).isTrue();
  }

  @Test
  void shouldShareTurnsByTokens() {
    CountDownLatch submitted = new CountDownLatch(1);
    first.onStep(() -> await(submitted));
    List<DeviceEngine> engines = start(3, 1);
    List<Recorder> ofFirst = submitMany(engines.get(0), 600);
    List<Recorder> ofSecond = submitMany(engines.get(1), 600);
    submitted.countDown();
    ofFirst.forEach(Recorder::await);
    ofSecond.forEach(Recorder::await);
    engines.forEach(DeviceEngine::close);

    long rowsOfFirst = rowsOfFirstSteps.getOrDefault("first", 0L);
    assertThat((double) rowsOfFirst / rowsOfFirstSteps.getOrDefault("second", 0L))
        .isCloseTo(3, within(0.1));
    assertThat(rows)
        .containsEntry("first", first.computedRows())
        .containsEntry("second", second.computedRows());
  }

  @Test
  void shouldLeaveTheOtherAloneWhenAllRequestsOfOneAreCancelled() {
    CountDownLatch submitted = new CountDownLatch(1);
    first.onStep(() -> await(submitted));
    List<DeviceEngine> engines = start(1, 1);
    List<Recorder> cancelled = submitMany(engines.get(0), 100);
    List<Recorder> others = submitMany(engines.get(1), 100);
    engines.get(0).cancelAll(this);
    submitted.countDown();

    others.forEach(one -> assertThat(one.await()).isTrue());
    cancelled.forEach(one -> assertThat(one.await()).isTrue());

    assertThat(others).allMatch(one -> one.result(0) instanceof Generated);
    assertThat(cancelled)
        .anyMatch(
            one -> one.result(0) instanceof Failed failed && failed.reason() == Reason.CANCELLED);
    assertThat(engines.get(0).status().kvBlocksFree()).isPositive();
    engines.forEach(DeviceEngine::close);
  }

  @Test
  void shouldGoOnWhenOneFails() {
    first.failAfterSteps(3);
    List<DeviceEngine> engines = start(1, 1);
    List<Recorder> lost = submitMany(engines.get(0), 50);
    List<Recorder> others = submitMany(engines.get(1), 50);

    others.forEach(one -> assertThat(one.await()).isTrue());
    lost.forEach(one -> assertThat(one.await()).isTrue());

    assertThat(others).allMatch(one -> one.result(0) instanceof Generated);
    assertThat(((Failed) lost.getLast().result(0)).reason()).isEqualTo(Reason.ENGINE_FAILED);
    assertThat(engines.get(0).status().state()).isEqualTo(State.FAILED);
    assertThat(engines.get(1).status().state()).isEqualTo(State.RUNNING);
    engines.forEach(DeviceEngine::close);
    assertThat(first.closed()).isTrue();
  }

  @Test
  void shouldLetOneGoAndAnotherCome() {
    List<DeviceEngine> engines = start(1, 1);
    Recorder before = submit(engines.get(1), request(30, 5));
    engines.get(0).close();
    assertThat(first.closed()).isTrue();
    assertThat(before.await()).isTrue();
    assertThat(before.result(0)).isInstanceOf(Generated.class);

    FakeForward third = forward();
    DeviceThread thread = engines.get(1).thread();
    DeviceEngine late = thread.add(List.of(tenant("third", third, 1)), System::nanoTime).getFirst();
    assertThat(submit(late, request(30, 5)).await()).isTrue();
    assertThatThrownBy(() ->
            thread.add(
                List.of(
                    tenant("fourth", forward(), 1),
                    new Tenant(
                        "fifth",
                        options(),
                        1,
                        1,
                        EngineMetrics.NONE,
                        _ -> {
                          throw new EngineException("no such model");
                        })),
                System::nanoTime))
        .hasMessage("no such model");
    assertThat(submit(engines.get(1), request(30, 5)).await()).isTrue();
    assertThat(submit(late, request(30, 5)).await()).isTrue();

    engines.get(1).close();
    late.close();
    thread.awaitEnd();
    assertThatThrownBy(() -> thread.add(List.of(tenant("sixth", forward(), 1)), System::nanoTime))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("closed with its last model");
  }

  // ---- small words

  private List<DeviceEngine> start(int shareOfFirst, int shareOfSecond) {
    return DeviceThread.start(
        "engine-fake0",
        TestEngines.NoDevice::new,
        List.of(tenant("first", first, shareOfFirst), tenant("second", second, shareOfSecond)),
        System::nanoTime);
  }

  private Tenant tenant(String name, FakeForward forward, int share) {
    return new Tenant(
        name,
        options(),
        1,
        share,
        counting,
        _ -> TestEngines.ready(() -> new LoadedModel(info(name), forward, () -> {})));
  }

  private static EngineOptions options() {
    return new EngineOptions("auto", BackendOptions.DEFAULTS, 64, 0, 16, 1000, false);
  }

  private static FakeForward forward() {
    return new FakeForward(VOCABULARY, CONTEXT, 64, 400, 8);
  }

  static ModelInfo info(String name) {
    return new ModelInfo(
        name,
        Path.of(name),
        "0".repeat(64),
        "none",
        CONTEXT,
        VOCABULARY,
        new FakeText(),
        new FakeText(),
        new int[0],
        new BackendInfo("fake", "none", "none", 0, "bitwise"));
  }

  private List<Recorder> submitMany(DeviceEngine engine, int count) {
    List<Recorder> recorders = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      recorders.add(submit(engine, request(60, 4)));
    }
    return recorders;
  }

  private static Recorder submit(DeviceEngine engine, InferenceRequest request) {
    Recorder recorder = new Recorder(request);
    engine.submit(request, recorder);
    return recorder;
  }

  private InferenceRequest request(int prefix, int tokensMax) {
    return new InferenceRequest(
        this,
        random.ints(prefix, 0, VOCABULARY).toArray(),
        List.of(new Branch.Generate(new int[] {1}, tokensMax, SamplingParams.GREEDY)),
        Long.MAX_VALUE);
  }

  private static int[] expected(InferenceRequest request) {
    return new Oracle(VOCABULARY, Set.of())
        .generate(request.prefix(), (Branch.Generate) request.branches().getFirst())
        .tokens();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}

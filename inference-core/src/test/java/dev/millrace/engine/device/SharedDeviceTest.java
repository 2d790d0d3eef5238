package dev.millrace.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.engine.BranchResult.Failed;
import dev.millrace.engine.BranchResult.Generated;
import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.BranchResult.Scored;
import dev.millrace.engine.DeviceLease;
import dev.millrace.engine.DeviceOptions;
import dev.millrace.engine.EngineException;
import dev.millrace.engine.EngineFactory;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.EngineStatus.State;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.TenantOptions;
import dev.millrace.engine.backend.BackendChoice;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.metrics.EngineMetrics;
import dev.millrace.engine.model.TinyModel;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.request.SamplingParams;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The demo model and a second small one on one device, on every backend that runs here. */
@Isolated("measures memory")
final class SharedDeviceTest {
  private static final Path DEMO =
      Path.of(System.getProperty("millrace.root"), "inference-core", "models", "demo");
  private static final int VOCABULARY = 8192;
  private static final int CYCLES_BEFORE = 2;
  private static final int CYCLES = 10;
  private static final long HEAP_GROWTH_MAX = 4L << 20;
  private static final long RESIDENT_GROWTH_MAX = 200L << 20;
  private static final long ADDRESS_GROWTH_MAX = 640L << 20;
  @TempDir static Path other;

  @BeforeAll
  static void write() throws IOException {
    new TinyModel(5, 4, 64, 4, VOCABULARY, 1024, 16).withHeads(64).writeTo(other);
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(DEMO.resolve(file), other.resolve(file));
    }
  }

  static Stream<String> backends() {
    return BackendChoice.installed().stream()
        .filter(provider -> provider.unsupportedReason().isEmpty())
        .map(provider -> provider.name());
  }

  private static boolean emulated(String backend) {
    return backend.equals("cuda") && !System.getProperty("millrace.cuda.library", "").isEmpty();
  }

  private static EngineOptions limits(long kvMemoryBytes) {
    return new EngineOptions("auto", BackendOptions.DEFAULTS, 64, kvMemoryBytes, 16, 1000, true);
  }

  private static List<TenantOptions> both(long kvMemoryBytes) {
    return List.of(
        new TenantOptions("main", DEMO).withEngine(limits(kvMemoryBytes)),
        new TenantOptions("other", other).withEngine(limits(kvMemoryBytes)));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void shouldAnswerEachRequestAsItsModelAloneDoes(String backend) {
    int count = emulated(backend) ? 3 : 24;
    List<List<InferenceRequest>> requests = List.of(requests(1, count), requests(2, count));
    List<List<String>> alone = new ArrayList<>();
    for (int m = 0; m < 2; m++) {
      EngineOptions options = both(16L << 20).get(m).engine().withBackend(backend);
      try (InferenceEngine engine = EngineFactory.open(List.of(DEMO, other).get(m), options)) {
        alone.add(requests.get(m).stream().map(one -> answers(submit(engine, one), one)).toList());
      }
    }
    Set<String> models = new ConcurrentSkipListSet<>();
    EngineMetrics metrics =
        new EngineMetrics() {
          @Override
          public void step(String model, int decodeRows, int prefillRows, long nanos) {
            models.add(model);
          }
        };
    DeviceOptions device = new DeviceOptions(backend, 2);
    try (DeviceLease lease = EngineFactory.lease(device, both(16L << 20), metrics)) {
      List<List<Recorder>> recorders = List.of(new ArrayList<>(), new ArrayList<>());
      for (int i = 0; i < count; i++) {
        for (int m = 0; m < 2; m++) {
          InferenceEngine engine = lease.engine(lease.names().get(m));
          recorders.get(m).add(submit(engine, requests.get(m).get(i)));
        }
      }
      for (int m = 0; m < 2; m++) {
        for (int i = 0; i < count; i++) {
          assertThat(answers(recorders.get(m).get(i), requests.get(m).get(i)))
              .as("model %d, request %d on %s", m, i, backend)
              .isEqualTo(alone.get(m).get(i))
              .doesNotContain("Failed");
        }
      }
    }
    assertThat(models).containsExactly("main", "other");
  }

  /**
   * A cycle takes 128 MiB for keys and values, 30 MiB of weights, 10 MiB of heap: what is lost of
   * any of them is seen after ten. What is loaded once stays, so that a few cycles come before.
   */
  @ParameterizedTest
  @MethodSource("backends")
  void shouldLeaveNoThreadNoMemoryAndNoDeviceBehind(String backend) throws IOException {
    assumeTrue(HeldMemory.isKnown(), "NOT TESTED: this system does not tell its memory");
    List<Path> directories = List.of(DEMO.toRealPath(), other.toRealPath());
    cycles(backend, CYCLES_BEFORE, directories);
    HeldMemory before = HeldMemory.now(directories);
    cycles(backend, CYCLES, directories);
    HeldMemory after = HeldMemory.now(directories);

    assertThat(before.mappedBytes()).as("mapped files of models").isZero();
    assertThat(after.mappedBytes()).as("mapped files of models").isZero();
    assertThat(after.deviceBytes()).as("device memory").isEqualTo(before.deviceBytes());
    assertThat(after.deviceObjects()).as("the driver's objects").isEqualTo(before.deviceObjects());
    assertThat(after.heapBytes() - before.heapBytes()).as("heap").isLessThan(HEAP_GROWTH_MAX);
    assertThat(after.residentBytes() - before.residentBytes())
        .as("native memory")
        .isLessThan(RESIDENT_GROWTH_MAX);
    assertThat(after.addressBytes() - before.addressBytes())
        .as("address space of native memory")
        .isLessThan(ADDRESS_GROWTH_MAX);
  }

  private static void cycles(String backend, int count, List<Path> directories) {
    InferenceRequest request = requests(3, 1).getFirst();
    for (int i = 0; i < count; i++) {
      DeviceOptions device = new DeviceOptions(backend, 2);
      try (DeviceLease lease = EngineFactory.lease(device, both(64L << 20), EngineMetrics.NONE)) {
        assertThat(HeldMemory.mapped(directories)).as("while models are open").isPositive();
        if (!emulated(backend) || i == 0) {
          submit(lease.engine("other"), request).await();
        }
      }
      assertThat(engineThreads()).as("after cycle %d", i).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void shouldDivideMemoryByTheShares(String backend) {
    EngineOptions many =
        new EngineOptions("auto", BackendOptions.DEFAULTS, 64, 0, 5_000_000, 1000, false);
    List<TenantOptions> models =
        List.of(
            new TenantOptions("three", other).withEngine(many).withShares(3, 1),
            new TenantOptions("one", other).withEngine(many).withShares(1, 1));
    DeviceOptions device = new DeviceOptions(backend, 2);
    try (DeviceLease lease = EngineFactory.lease(device, models, EngineMetrics.NONE)) {
      double three = lease.engine("three").status().kvBlocksTotal();
      double one = lease.engine("one").status().kvBlocksTotal();
      assertThat(three / one).as("%s against %s blocks", three, one).isBetween(2.9, 3.1);
    }
  }

  @Test
  void shouldLetUsersShareModelsUntilTheLastHasGone() {
    DeviceOptions device = new DeviceOptions("cpu", 2);
    List<TenantOptions> models = both(8L << 20);
    DeviceLease first = EngineFactory.lease(device, models, EngineMetrics.NONE);
    DeviceLease second = EngineFactory.lease(device, models.subList(1, 2), EngineMetrics.NONE);
    long threads = engineThreads().size();
    assertThat(threads).as("one engine thread, one helper").isEqualTo(2);
    assertThat(second.names()).containsExactly("other");

    InferenceRequest endless = requests(4, 1).getFirst();
    Recorder ofFirst = new Recorder(endless);
    first.engine("other").submit(endless, ofFirst);
    first.close();
    assertThat(ofFirst.finished()).as("closing a lease ends its requests").isTrue();
    assertThat(first.engine("other").status().state()).isEqualTo(State.CLOSED);
    Recorder late = new Recorder(endless);
    first.engine("other").submit(endless, late);
    assertThat(((Failed) late.result(0)).reason()).isEqualTo(Reason.ENGINE_CLOSED);

    assertThat(answers(submit(second.engine("other"), endless), endless)).doesNotContain("Failed");
    second.close();
    second.close();
    assertThat(engineThreads()).isEmpty();
  }

  @Test
  void shouldRefuseAModelThatIsOpenWithOtherOptions() {
    DeviceOptions device = new DeviceOptions("reference", 0);
    TenantOptions model = new TenantOptions("main", other).withEngine(limits(8L << 20));
    try (DeviceLease lease = EngineFactory.lease(device, List.of(model), EngineMetrics.NONE)) {
      assertThat(lease.names()).containsExactly("main");
      List<TenantOptions> changed = List.of(model.withShares(2, 1));
      assertThatThrownBy(() -> EngineFactory.lease(device, changed, EngineMetrics.NONE))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("model main is in use in this process with other options");
      assertThatThrownBy(() -> EngineFactory.lease(device, List.of(), EngineMetrics.NONE))
          .hasMessageContaining("each with a name of its own");
      assertThatThrownBy(() -> lease.engine("guard"))
          .hasMessageContaining("no model guard on this device, only [main]");
    }
    EngineOptions elsewhere = limits(0).withBackend("cpu");
    assertThatThrownBy(() -> model.withEngine(elsewhere))
        .hasMessageContaining("asks for backend cpu and 0 threads: say so in the device's options");
  }

  // ---- small words

  private static List<String> engineThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("engine-"))
        .sorted()
        .toList();
  }

  private static List<InferenceRequest> requests(int seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    List<InferenceRequest> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] prefix = random.ints(20 + random.nextInt(100), 20, VOCABULARY).toArray();
      requests.add(
          new InferenceRequest(
              "test",
              prefix,
              List.of(
                  new Branch.Generate(new int[] {30}, 6, SamplingParams.GREEDY),
                  new Branch.Generate(new int[0], 6, new SamplingParams(0.8, 0.9, 3)),
                  new Branch.Score(
                      new int[] {31, 32}, List.of(new int[] {40, 41}, new int[] {40, 42}))),
              Long.MAX_VALUE));
    }
    return requests;
  }

  private static Recorder submit(InferenceEngine engine, InferenceRequest request) {
    Recorder recorder = new Recorder(request);
    engine.submit(request, recorder);
    return recorder;
  }

  /** Every bit of the answers as text. */
  private static String answers(Recorder recorder, InferenceRequest request) {
    assertThat(recorder.await()).as("answered in time").isTrue();
    List<String> answers = new ArrayList<>();
    for (int i = 0; i < request.branches().size(); i++) {
      answers.add(
          switch (recorder.result(i)) {
            case Generated generated -> generated.finish() + Arrays.toString(generated.tokens());
            case Scored scored ->
                Arrays.stream(scored.logProbabilities())
                    .mapToObj(Double::toHexString)
                    .toList()
                    .toString();
            case Failed failed -> "Failed " + failed.reason() + ": " + failed.message();
          });
    }
    return String.join(" ", answers);
  }
}

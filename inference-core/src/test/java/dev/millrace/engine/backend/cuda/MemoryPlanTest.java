package dev.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.KvDemand;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.model.DecoderModel;
import dev.millrace.engine.model.GoldenCase;
import dev.millrace.engine.model.ModelLimits;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.TestTensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is said of a model's memory before it is loaded, against what it takes then. Models that are
 * too large are made by taking most of the device first, as another process would.
 */
@Isolated("measures memory")
final class MemoryPlanTest {

  private static final int ROWS = 96;
  private static final long MIB = 1L << 20;
  private static final long KV_BYTES = 3 * MIB;

  @TempDir static Path unpacked;

  private CudaContext context;
  private final List<Long> taken = new ArrayList<>();

  @BeforeEach
  void open() {
    TestCuda.require();
    context = CudaContext.open(Device.chosen());
  }

  @AfterEach
  void close() {
    if (context != null) {
      context.bind();
      taken.forEach(Driver::free);
      context.close();
    }
  }

  /** Takes memory as another process would, until so much is free. */
  private void leave(long bytes) {
    taken.add(Driver.allocate(Driver.memory().free() - bytes));
  }

  private static DecoderModel load(Checkpoint checkpoint, CudaBackend backend, long kvBytes) {
    return DecoderModel.load(checkpoint, backend, new ModelLimits(ROWS, 2, kvBytes, 16));
  }

  private static CudaBackend backend() {
    return (CudaBackend) TestCuda.backend();
  }

  private static MatrixSource random(int outputs, int inputs) {
    return new MatrixSource.Plain(
        TestTensors.random(new SplittableRandom(3), DType.BF16, 1, outputs, inputs),
        MatrixSource.Order.OUT_IN);
  }

  /** Of 8 KiB a block. */
  private static KvDemand demand(int blocks) {
    return new KvDemand(new KvShape(1, 1, 16, 2, 64), blocks);
  }

  @ParameterizedTest
  @CsvSource({
    "scout, 1, AUTO",
    "maverick-fp8, 1, AUTO",
    "scout-w4a16, 1, AUTO",
    "llama3, 1, AUTO",
    "scout, 65536, AUTO",
    "maverick-fp8, 4194304, AUTO",
    "scout, 1, F32",
    "maverick-fp8, 1, F32"
  })
  void shouldForetellWhatIsTaken(
      String name, long slab, Arithmetic arithmetic, TestReporter reporter) {
    GoldenCase golden = GoldenCase.open(name, unpacked);
    String before = System.getProperty(DevicePool.SLAB_PROPERTY, "");
    System.setProperty(DevicePool.SLAB_PROPERTY, Long.toString(slab));
    try (Checkpoint checkpoint = golden.checkpoint()) {
      long held = Driver.ledger().deviceBytes();
      Driver.ledger().takeDevicePeak();
      CudaBackend backend = (CudaBackend) TestCuda.backend(arithmetic);
      long foretold;
      long took;
      try (DecoderModel model = load(checkpoint, backend, KV_BYTES)) {
        foretold = backend.pool().plan().orElseThrow().need().total();
        dev.millrace.engine.model.Driver sequence = new dev.millrace.engine.model.Driver(model);
        sequence.logits(golden.inputIds(), golden.inputIds().length);
        sequence.greedy(golden.inputIds(), 1);
        took = Driver.ledger().takeDevicePeak() - held;
      }
      reporter.publishEntry(
          name,
          String.format(Locale.ROOT, "slab %d: foretold %d, took %d bytes", slab, foretold, took));
      assertThat(foretold).isBetween(took, took + took / 100);
      assertThat(Driver.ledger().deviceBytes()).isEqualTo(held);
    } finally {
      System.setProperty(DevicePool.SLAB_PROPERTY, before);
    }
  }

  @Test
  void shouldRefuseBeforeItTakesAnything() {
    leave(6 * MIB);
    long held = Driver.ledger().deviceBytes();
    Driver.ledger().takeDevicePeak();
    try (Checkpoint checkpoint = GoldenCase.open("scout", unpacked).checkpoint()) {
      assertThatThrownBy(() -> load(checkpoint, backend(), KV_BYTES))
          .isInstanceOf(BackendException.class)
          .hasMessageMatching(
              "1[0-9]\\.[0-9] MiB of GPU memory are needed, of the 4\\.0 GiB of .* 6\\.0 MiB are"
                  + " free: weights [0-9.]+ MiB, keys and values 3\\.0 MiB \\([0-9]+ tokens\\),"
                  + " work buffers [0-9.]+ MiB \\(steps of 96 tokens\\)\\. What would fit: .*")
          .hasMessageContaining("the model as it is, if other processes give back")
          .hasMessageContaining("this model with weights in FP8 (about ")
          .hasMessageContaining("this model with weights in four bits (about ")
          .hasMessageContaining("; the cpu backend, which uses the machine's own memory");
    }
    assertThat(Driver.ledger().takeDevicePeak()).isEqualTo(held);
  }

  @Test
  void shouldSayHowManyKeysAndValuesWouldFit() {
    leave(64 * MIB);
    try (Checkpoint checkpoint = GoldenCase.open("scout", unpacked).checkpoint()) {
      Matcher advice =
          Pattern.compile("keys and values of (\\d+) tokens \\(kvMemoryBytes (\\d+)\\)")
              .matcher("");
      assertThatThrownBy(() -> load(checkpoint, backend(), 1L << 30))
          .isInstanceOf(BackendException.class)
          .satisfies(e -> assertThat(advice.reset(e.getMessage()).find()).isTrue())
          .hasMessageNotContaining("FP8");

      long fitting = Long.parseLong(advice.group(2));
      try (DecoderModel model = load(checkpoint, backend(), fitting)) {
        assertThat((long) model.kv().blocks() * model.kv().blockTokens())
            .isEqualTo(Long.parseLong(advice.group(1)));
        new dev.millrace.engine.model.Driver(model).greedy(new int[] {5, 6, 7}, 1);
      }
      assertThatThrownBy(() -> load(checkpoint, backend(), fitting + MIB))
          .isInstanceOf(BackendException.class);
    }
  }

  @Test
  void shouldAdviseBf16WhereF32DoesNotFit() {
    leave(10 * MIB);
    try (Checkpoint checkpoint = GoldenCase.open("maverick-fp8", unpacked).checkpoint()) {
      CudaBackend whole = (CudaBackend) TestCuda.backend(Arithmetic.F32);
      assertThatThrownBy(() -> load(checkpoint, whole, KV_BYTES))
          .isInstanceOf(BackendException.class)
          .hasMessageMatching(
              ".* What would fit: .*bf16 arithmetic \\(about [0-9.]+ MiB in all\\).*")
          .hasMessageNotContaining("FP8");
      load(checkpoint, backend(), KV_BYTES).close();
    }
  }

  @Test
  void shouldSayWhichStepsWouldFit() {
    try (Checkpoint checkpoint = GoldenCase.open("guard", unpacked).checkpoint()) {
      leave(24 * MIB);
      ModelLimits large = new ModelLimits(4096, 2, MIB, 16);
      Matcher advice = Pattern.compile("steps of (\\d+) tokens \\(stepTokensMax\\)").matcher("");
      assertThatThrownBy(() -> DecoderModel.load(checkpoint, backend(), large))
          .isInstanceOf(BackendException.class)
          .satisfies(e -> assertThat(advice.reset(e.getMessage()).find()).isTrue());

      ModelLimits fitting = new ModelLimits(Integer.parseInt(advice.group(1)), 2, MIB, 16);
      try (DecoderModel model = DecoderModel.load(checkpoint, backend(), fitting)) {
        new dev.millrace.engine.model.Driver(model).greedy(new int[] {5, 6, 7}, 1);
      }
    }
  }

  @Test
  void shouldWantTheReserveOnlyWhereNobodySaidWhatToTake() {
    leave(64 * MIB);
    try (Checkpoint checkpoint = GoldenCase.open("guard", unpacked).checkpoint()) {
      assertThatThrownBy(() -> load(checkpoint, backend(), 0))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("left to the driver 128.0 MiB");
      load(checkpoint, backend(), KV_BYTES).close();
    }
  }

  @Test
  void shouldQuoteThePlanIfMemoryEndsAllTheSame() {
    MatrixSource weight = random(1024, 1024);
    leave(16 * MIB);
    try (CudaBackend backend = backend()) {
      backend.requireRoom(
          target -> {
            target.matrix(List.of(weight));
            target.rows(8, 1024);
          },
          demand(4),
          0);
      context.bind();
      leave(MIB);
      assertThatThrownBy(() -> backend.matrix(List.of(weight)))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("a weight [1024, 1024] needs 2.0 MiB")
          .hasMessageContaining("of its 4.0 GiB 1.0 MiB are free")
          .hasMessageContaining("others took memory while it was loaded")
          .hasMessageContaining("weights 2.0 MiB, keys and values 32768 bytes (64 tokens)")
          .hasMessageContaining("What would fit: ");
    }
  }

  @Test
  void shouldTakeSmallSlabsWhereLargeOnesWouldNotFit() {
    MatrixSource weight = random(1024, 3 * 512);
    leave(64 * MIB);
    String before = System.getProperty(DevicePool.SLAB_PROPERTY, "");
    System.setProperty(DevicePool.SLAB_PROPERTY, Long.toString(256 * MIB));
    try (CudaBackend backend = backend()) {
      backend.requireRoom(target -> target.matrix(List.of(weight)), demand(4), 0);
      backend.matrix(List.of(weight));

      assertThat(backend.pool().slabBytes()).isEqualTo(DevicePool.SLAB_MIN);
      assertThat(backend.pool().reserved()).isEqualTo(DevicePool.SLAB_MIN);
    } finally {
      System.setProperty(DevicePool.SLAB_PROPERTY, before);
    }
  }

  @Test
  void shouldSayWhatIsFreeIfTheDriverHasNoMore() {
    assertThatThrownBy(() -> Driver.allocate(1L << 50))
        .isInstanceOf(CudaError.class)
        .hasMessageContaining("(of its 4.0 GiB 4.0 GiB are free, this process holds 0 bytes)")
        .hasMessageContaining("CUDA_ERROR_OUT_OF_MEMORY");
  }
}

package dev.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.backend.BackendException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Contexts, memory, kernels, graphs and errors of the driver layer. */
final class DriverLayerTest {

  private static final int WIDTH = 8;

  private Map<Ledger.Kind, Integer> before = Map.of();
  private int failedBefore;
  private boolean deviceFailed;
  private CudaContext context;
  private CudaStream stream;
  private Work work;
  private DevicePool pool;
  private Transfers transfers;

  @BeforeEach
  void open() {
    TestCuda.require();
    before = Driver.ledger().open();
    failedBefore = Driver.ledger().failedReleases();
    context = CudaContext.open(Device.chosen());
    stream = context.own(new CudaStream());
    work = context.own(new Work(KernelImages.load(context), stream));
    pool = context.own(new DevicePool(1 << 20));
    transfers = context.own(new Transfers(stream));
  }

  @AfterEach
  void shouldHaveFreedEverything() {
    if (context != null) {
      context.close();
      context.close();
      assertThat(Driver.ledger().open()).isEqualTo(before);
      assertThat(Driver.ledger().failedReleases() > failedBefore).isEqualTo(deviceFailed);
    }
  }

  /** Rounds floats to bf16. */
  private void round(long from, long to, int rows) {
    work.arguments().pointer(from).pointer(to).wide(WIDTH).wide(WIDTH).number(WIDTH);
    work.launch(work.kernel("mr_rows_to_bf16"), Grid.of(rows, 256, 0));
  }

  private float[] values(int count, float factor) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (i - 5) * factor;
    }
    return values;
  }

  @Test
  void shouldPassArgumentsOfEveryKind() {
    long in = pool.allocate(4L * 2 * WIDTH, "in");
    long weight = pool.allocate(4L * WIDTH, "weight");
    long out = pool.allocate(2L * 2 * WIDTH, "out");
    long step = pool.allocate(128, "step");
    transfers.write(values(2 * WIDTH, 0.25f), in);
    transfers.write(new float[] {1, 1, 1, 1, 2, 2, 2, 2}, weight);
    transfers.write(new float[] {Float.intBitsToFloat(2)}, step);

    work.arguments().pointer(in).pointer(weight).pointer(out).pointer(step).number(WIDTH).real(3);
    work.launch(work.kernel("mr_norm"), Grid.of(2, 256, 64));

    float[] found = new float[2 * WIDTH];
    transfers.readBFloat16(out, found, 0, found.length);
    double squares = 0;
    for (int i = WIDTH; i < 2 * WIDTH; i++) {
      squares += Math.pow((i - 5) * 0.25, 2);
    }
    double scale = 1 / Math.sqrt(squares / WIDTH + 3);
    assertThat(found[WIDTH]).isEqualTo(BFloat16.toFloat(BFloat16.of((float) (0.75 * scale))));
    assertThat(found[15]).isEqualTo(BFloat16.toFloat(BFloat16.of((float) (2.5 * scale * 2))));
  }

  /** Each backend of a process loads them; in the emulator thread-local room ended after 200. */
  @Test
  void shouldLoadKernelsAsOftenAsBackendsAreMade() {
    for (int i = 0; i < 300; i++) {
      try (CudaContext another = CudaContext.open(Device.chosen())) {
        KernelImages.load(another);
      }
    }
    context.bind();
  }

  @Test
  void shouldRunLaunchesThatRepeatAsAGraph() {
    long in = pool.allocate(4L * WIDTH, "in");
    long out = pool.allocate(2L * WIDTH, "out");
    long other = pool.allocate(2L * WIDTH, "other");
    float[] found = new float[WIDTH];
    for (int round = 1; round <= 3; round++) {
      transfers.write(values(WIDTH, round), in);
      work.defer();
      round(in, out, 1);
      round(in, other, 1);
      assertThat(work.graphLaunches()).isEqualTo(Math.max(0, round - 2));
      work.flush();

      transfers.readBFloat16(other, found, 0, WIDTH);
      assertThat(found).isEqualTo(values(WIDTH, round));
      assertThat(work.graphs()).isEqualTo(1);
      assertThat(work.graphLaunches()).isEqualTo(round - 1);
    }
  }

  @Test
  void shouldNotTakeOtherLaunchesForTheSame() {
    long in = pool.allocate(4L * WIDTH, "in");
    long out = pool.allocate(2L * WIDTH, "out");
    long other = pool.allocate(2L * WIDTH, "other");
    transfers.write(values(WIDTH, 1), in);
    for (long target : new long[] {out, other}) {
      work.defer();
      round(in, target, 1);
      work.flush();
    }
    work.defer();
    work.flush();
    round(in, out, 1);

    assertThat(work.graphs()).isEqualTo(2);
    assertThat(work.graphLaunches()).isZero();
    float[] found = new float[WIDTH];
    transfers.readBFloat16(other, found, 0, WIDTH);
    assertThat(found).isEqualTo(values(WIDTH, 1));
  }

  @Test
  void shouldNameAKernelThatIsMissing() {
    assertThatThrownBy(() -> work.kernel("mr_nothing"))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("kernel mr_nothing is missing in")
        .hasMessageContaining("different versions");
  }

  @Test
  void shouldRefuseAnImageThatIsNone() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment image = arena.allocate(4096, 64);
      assertThatThrownBy(() -> new KernelModule(image, "zeros", context.device()))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("cannot load the kernels zeros")
          .hasMessageContaining("update the driver");
    }
  }

  @Test
  void shouldSayHowMuchMemoryIsMissing() {
    pool.allocate(3 << 20, "weights");

    assertThatThrownBy(() -> pool.allocate(1L << 50, "keys and values of 9 blocks"))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("keys and values of 9 blocks needs 1048576.0 GiB")
        .hasMessageContaining("already took 3.0 MiB")
        .hasMessageContaining("smaller model");
    assertThat(pool.used()).isEqualTo(3 << 20);
  }

  @Test
  void shouldGiveOutAlignedPiecesOfSlabsUntilItIsSealed() {
    long first = pool.allocate(100, "first");
    long second = pool.allocate(1, "second");

    assertThat(first % DevicePool.ALIGNMENT).isZero();
    assertThat(second).isEqualTo(first + DevicePool.ALIGNMENT);
    assertThat(pool.reserved()).isEqualTo(1 << 20);
    pool.allocate(2 << 20, "more than a slab");
    assertThat(pool.allocate(1, "third")).isEqualTo(second + DevicePool.ALIGNMENT);
    assertThat(pool.reserved()).isEqualTo(3 << 20);
    pool.seal();
    assertThatThrownBy(() -> pool.allocate(1, "late"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("late: no device memory is allocated once steps have begun");
  }

  @Test
  void shouldKeepWhatIsBeingSentWhileTheNextStepIsWritten() {
    HostWritten buffer = context.own(new HostWritten(stream, 16));
    long seen = pool.allocate(4L * 100, "seen");
    for (int i = 0; i < 100; i++) {
      buffer.send(new int[] {Float.floatToRawIntBits(i)});
      stream.copyWithin(seen + 4L * i, buffer.address(), 4);
    }
    float[] found = new float[100];
    transfers.read(seen, found, 0, 100);
    for (int i = 0; i < 100; i++) {
      assertThat(found[i]).isEqualTo(i);
    }
  }

  @Test
  void shouldGrowWhenAStepNeedsMore() {
    HostWritten buffer = context.own(new HostWritten(stream, 16));
    int[] many = new int[1000];
    many[999] = Float.floatToRawIntBits(7);
    buffer.send(many);

    float[] found = new float[1000];
    transfers.read(buffer.address(), found, 0, 1000);
    assertThat(found[999]).isEqualTo(7);
  }

  @Test
  void shouldSayWhichKernelFailedAndStillClose() {
    long in = pool.allocate(4L * WIDTH, "in");
    round(in, 4096, 1);
    deviceFailed = true;

    assertThatThrownBy(stream::await)
        .isInstanceOf(CudaError.class)
        .hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS")
        .hasMessageContaining("a kernel is at fault")
        .hasMessageContaining("restart");
  }

  @Test
  void shouldRefuseALaunchThatCannotBe() {
    work.arguments();
    Kernel kernel = work.kernel("mr_rows_to_bf16");
    assertThatThrownBy(() -> kernel.launch(Grid.of(0, 256, 0), work.arguments(), stream))
        .isInstanceOf(CudaError.class)
        .hasMessageContaining("launch kernel mr_rows_to_bf16 with 0 x 1 x 1 blocks");
  }

  @Test
  void shouldRefuseHeapMemory() {
    MemorySegment heap = MemorySegment.ofArray(new float[4]);
    long out = pool.allocate(16, "out");

    assertThatThrownBy(() -> stream.copyIn(out, heap, 16))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("native memory");
  }

  @Test
  void shouldMeasureTimeBetweenEvents() {
    CudaEvent from = context.own(new CudaEvent());
    CudaEvent to = context.own(new CudaEvent());
    long memory = pool.allocate(4 << 20, "memory");

    from.record(stream);
    stream.fill(memory, (byte) 0, 4 << 20);
    to.record(stream);
    to.await();

    assertThat(from.millisecondsTo(to)).isBetween(0.0, 60_000.0);
  }

  @Test
  void shouldBeUsableFromAnotherThreadThatBindsIt() throws InterruptedException {
    long in = pool.allocate(4L * WIDTH, "in");
    float[] found = new float[WIDTH];
    Thread other =
        Thread.ofPlatform()
            .name("another-owner")
            .start(() -> {
              context.bind();
              transfers.write(values(WIDTH, 2), in);
              transfers.read(in, found, 0, WIDTH);
            });
    other.join();
    context.bind();

    assertThat(found).isEqualTo(values(WIDTH, 2));
  }

  @Test
  void shouldLimitArgumentsAndPageLockedBuffers() {
    Arguments arguments = work.arguments();
    for (int i = 0; i < Arguments.MAX; i++) {
      arguments.number(i);
    }
    assertThatThrownBy(() -> arguments.number(0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> new PinnedBuffer(PinnedBuffer.BYTES_MAX + 1))
        .isInstanceOf(IllegalArgumentException.class);
    PinnedBuffer buffer = context.own(new PinnedBuffer(64));
    buffer.memory().set(ValueLayout.JAVA_INT, 60, 1);
    buffer.close();
    assertThatThrownBy(buffer::memory).isInstanceOf(IllegalStateException.class);
  }
}

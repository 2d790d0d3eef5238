package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendProvider;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.ComputeDevice;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes CPU backends: with oneDNN where it loads, and our own code beside it where that is faster;
 * with the Vector API elsewhere. Thread-safe.
 *
 * <p>{@code AUTO} means bfloat16 where the processor multiplies it natively (AMX or AVX512-BF16:
 * twice the rate and half the memory traffic of f32) and the weights are not stored in more bits,
 * and f32 elsewhere.
 */
public final class CpuBackendProvider implements BackendProvider {

  /** System property: {@code onednn} or {@code java} alone, instead of what is fastest here. */
  static final String KERNELS_PROPERTY = "millrace.cpu.kernels";

  private static final String ONEDNN = "onednn";
  private static final String JAVA = "java";
  private static final Logger LOG = LoggerFactory.getLogger(CpuBackendProvider.class);

  /** Found through the service file. */
  public CpuBackendProvider() {}

  @Override
  public String name() {
    return CpuDevice.NAME;
  }

  @Override
  public int priority() {
    return 100;
  }

  @Override
  public Optional<String> unsupportedReason() {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      return Optional.of("the JVM runs without --add-modules=jdk.incubator.vector");
    }
    return Optional.empty();
  }

  @Override
  public Optional<String> unsupported(Architecture architecture) {
    return Optional.empty();
  }

  @Override
  public ComputeDevice open(int threads) {
    return open(threads, System.getProperty(KERNELS_PROPERTY, ""));
  }

  @Override
  public ComputeBackend create(BackendOptions options) {
    return create(options, System.getProperty(KERNELS_PROPERTY, ""));
  }

  /** The same with a value for {@link #KERNELS_PROPERTY}; empty for what is fastest. */
  ComputeBackend create(BackendOptions options, String kernels) {
    CpuDevice device = open(options.threads(), kernels);
    try {
      return device.onlyBackend(options);
    } catch (RuntimeException | Error e) {
      device.close();
      throw e;
    }
  }

  private static CpuDevice open(int threads, String kernels) {
    if (!List.of("", ONEDNN, JAVA).contains(kernels)) {
      throw new BackendException(
          "cannot start the cpu backend: -D%s is \"%s\", expected %s or %s"
              .formatted(KERNELS_PROPERTY, kernels, ONEDNN, JAVA));
    }
    int count = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    if (kernels.equals(JAVA)) {
      return CpuDevice.withJava(count, "-D%s is %s".formatted(KERNELS_PROPERTY, JAVA));
    }
    try {
      return CpuDevice.withOneDnn(count, Native.oneDnn(), kernels.equals(ONEDNN));
    } catch (Native.Unavailable e) {
      if (kernels.equals(ONEDNN)) {
        throw new BackendException(
            "cannot start the cpu backend with oneDNN: " + e.getMessage(), e);
      }
      LOG.warn("backend=cpu kernels=java reason=\"{}\"; much slower than oneDNN", e.getMessage());
      return CpuDevice.withJava(count, String.valueOf(e.getMessage()));
    }
  }

  /** Whether oneDNN can be used here. */
  boolean oneDnnLoads() {
    try {
      Native.oneDnn();
      return true;
    } catch (Native.Unavailable e) {
      return false;
    }
  }

  /** Whether the processor has instructions for products of bfloat16. */
  boolean multipliesBfloat16() {
    return oneDnnLoads() && Native.oneDnn().has(OneDnn.ISA_AVX512_BF16);
  }

  /** The native library, loaded at most once. */
  private static final class Native {

    private static @Nullable OneDnn loaded;

    static synchronized OneDnn oneDnn() {
      if (loaded == null) {
        loaded = load();
      }
      return loaded;
    }

    private static OneDnn load() {
      if (!NativeLibraries.madeForThisMachine()) {
        throw new Unavailable(
            "no oneDNN for %s %s on the class path"
                .formatted(System.getProperty("os.name"), System.getProperty("os.arch")),
            null);
      }
      try {
        return new OneDnn(NativeLibraries.unpack());
      } catch (RuntimeException | LinkageError e) {
        throw new Unavailable("oneDNN does not load: " + e.getMessage(), e);
      }
    }

    /** Why there is no oneDNN here. */
    static final class Unavailable extends RuntimeException {
      private static final long serialVersionUID = 1L;

      Unavailable(String message, @Nullable Throwable cause) {
        super(message, cause);
      }
    }
  }
}

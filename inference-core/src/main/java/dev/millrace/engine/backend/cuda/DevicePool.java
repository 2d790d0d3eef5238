package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BackendException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Device memory, taken in slabs while a model loads and given out piece by piece; nothing is given
 * back before the pool is closed, and nothing is allocated once it is sealed. Content is undefined.
 * Owned by the engine thread.
 */
final class DevicePool implements CudaContext.Resource {

  /** Every piece begins at a multiple of this: enough for any load, and for tensor maps. */
  static final long ALIGNMENT = 256;

  /** System property: bytes of a slab. With 1, an emulator sees where each piece ends. */
  static final String SLAB_PROPERTY = "millrace.cuda.slab.bytes";

  /** The smallest slab that is worth a call of the driver. */
  static final long SLAB_MIN = 4L << 20;

  private static final long SLAB_MAX = 256L << 20;
  private static final int SLABS_OF_A_DEVICE = 512;

  /** The driver hands out memory in multiples of this. */
  private static final long GRANULE = 2L << 20;

  private final Supply supply;
  private long slabBytes;
  private @Nullable MemoryPlan plan;
  private final List<Slab> slabs = new ArrayList<>();
  private long used;
  private boolean sealed;

  /** Where slabs come from. */
  private interface Supply {

    /** The address of so many bytes; refuses as the driver does. */
    long allocate(long bytes);

    void free(long address);
  }

  /** The current context's device. */
  private static final class DeviceSupply implements Supply {
    @Override
    public long allocate(long bytes) {
      return Driver.allocate(bytes);
    }

    @Override
    public void free(long address) {
      Driver.free(address);
    }
  }

  /** Addresses without memory behind them, as many as anybody wants. */
  private static final class CountingSupply implements Supply {
    private long next = ALIGNMENT;

    @Override
    public long allocate(long bytes) {
      long address = next;
      next += Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
      return address;
    }

    @Override
    public void free(long address) {}
  }

  /** One allocation and how much of it is given out. */
  private static final class Slab {
    private final long address;
    private final long bytes;
    private long taken;

    Slab(long address, long bytes) {
      this.address = address;
      this.bytes = bytes;
    }
  }

  /** A pool whose slabs suit the device: at most one of 512 parts is left over. */
  DevicePool(Device device) {
    this(
        Long.getLong(
            SLAB_PROPERTY,
            Math.clamp(device.memoryBytes() / SLABS_OF_A_DEVICE, SLAB_MIN, SLAB_MAX)));
  }

  DevicePool(long slabBytes) {
    this(slabBytes, new DeviceSupply());
  }

  private DevicePool(long slabBytes, Supply supply) {
    this.slabBytes = slabBytes;
    this.supply = supply;
  }

  /** A pool of addresses that nobody may use: it tells what a pool with such slabs would take. */
  static DevicePool counting(long slabBytes) {
    return new DevicePool(slabBytes, new CountingSupply());
  }

  /** What allocations of a pool with such slabs are rounded up to. */
  static long granule(long slabBytes) {
    return Math.min(slabBytes, GRANULE);
  }

  /** Size of the slabs. */
  long slabBytes() {
    return slabBytes;
  }

  /** Follows a plan: takes slabs of its size, and quotes it where memory ends all the same. */
  void follow(MemoryPlan what) {
    plan = what;
    slabBytes = what.slabBytes();
  }

  /**
   * Gives out memory.
   *
   * @param what it is for, for the message
   * @return its address, a multiple of {@link #ALIGNMENT}
   * @throws BackendException if the device has not enough
   */
  long allocate(long bytes, String what) {
    if (bytes < 1) {
      throw new IllegalArgumentException(String.format(Locale.ROOT, "%s: %d bytes", what, bytes));
    }
    if (sealed) {
      throw new IllegalStateException(
          "%s: no device memory is allocated once steps have begun".formatted(what));
    }
    long size = Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    for (Slab slab : slabs) {
      if (slab.bytes - slab.taken >= size) {
        return take(slab, size);
      }
    }
    Slab slab = slab(size, what);
    slabs.add(slab);
    return take(slab, size);
  }

  private long take(Slab slab, long size) {
    long address = slab.address + slab.taken;
    slab.taken += size;
    used += size;
    return address;
  }

  private Slab slab(long size, String what) {
    long granule = granule(slabBytes);
    long bytes = Math.ceilDiv(Math.max(size, slabBytes), granule) * granule;
    try {
      return new Slab(supply.allocate(bytes), bytes);
    } catch (CudaError e) {
      if (e.code() != CudaError.OUT_OF_MEMORY) {
        throw e;
      }
      if (bytes > size) {
        return lastSlab(size, what);
      }
      throw outOfMemory(size, what, e);
    }
  }

  /** Exactly what is needed, where a whole slab does not fit any more. */
  private Slab lastSlab(long size, String what) {
    try {
      return new Slab(supply.allocate(size), size);
    } catch (CudaError e) {
      throw e.code() == CudaError.OUT_OF_MEMORY ? outOfMemory(size, what, e) : e;
    }
  }

  private BackendException outOfMemory(long size, String what, CudaError cause) {
    Driver.Memory memory = Driver.memory();
    String missing =
        "the GPU is too small: %s needs %s, of its %s %s are free and this model already took %s;"
            .formatted(
                what,
                Bytes.of(size),
                Bytes.of(memory.total()),
                Bytes.of(memory.free()),
                Bytes.of(used));
    String advice =
        plan == null
            ? "free it of other processes, lower the tokens of a step, or use a smaller model"
            : "others took memory while it was loaded: "
                + plan.describe(new Driver.Memory(memory.free() + reserved(), memory.total()));
    return new BackendException(missing + " " + advice, cause);
  }

  /** The plan that is followed. */
  Optional<MemoryPlan> plan() {
    return Optional.ofNullable(plan);
  }

  /** From now on nothing is allocated. */
  void seal() {
    sealed = true;
  }

  /** Bytes given out. */
  long used() {
    return used;
  }

  /** Bytes taken from the device. */
  long reserved() {
    return slabs.stream().mapToLong(slab -> slab.bytes).sum();
  }

  @Override
  public void close() {
    while (!slabs.isEmpty()) {
      supply.free(slabs.removeLast().address);
    }
  }
}

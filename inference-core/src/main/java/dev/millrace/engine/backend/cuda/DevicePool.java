package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BackendException;
import java.util.ArrayList;
import java.util.List;

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

  private static final long SLAB_MIN = 4L << 20;
  private static final long SLAB_MAX = 256L << 20;
  private static final int SLABS_OF_A_DEVICE = 512;

  private final long slabBytes;
  private final List<Slab> slabs = new ArrayList<>();
  private long used;
  private boolean sealed;

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
    this.slabBytes = slabBytes;
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
      throw new IllegalArgumentException("%s: %d bytes".formatted(what, bytes));
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
    long bytes = Math.max(size, slabBytes);
    try {
      return new Slab(Driver.allocate(bytes), bytes);
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
      return new Slab(Driver.allocate(size), size);
    } catch (CudaError e) {
      throw e.code() == CudaError.OUT_OF_MEMORY ? outOfMemory(size, what, e) : e;
    }
  }

  private BackendException outOfMemory(long size, String what, CudaError cause) {
    Driver.Memory memory = Driver.memory();
    return new BackendException(
        "the GPU is too small: %s needs %s, of its %s %s are free and this model already took %s;"
                .formatted(
                    what,
                    Bytes.of(size),
                    Bytes.of(memory.total()),
                    Bytes.of(memory.free()),
                    Bytes.of(used))
            + " free it of other processes, lower the tokens of a step, or use a smaller model",
        cause);
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
      Driver.free(slabs.removeLast().address);
    }
  }
}

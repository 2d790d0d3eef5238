package dev.millrace.engine.backend.cuda;

import java.util.Locale;

/**
 * What exists from the first step on, when all extents are known: scratch memory and what is
 * written for every step. Owned by the engine thread.
 */
final class Stepping implements CudaContext.Resource {

  private static final long COPIES_BYTES = 256;

  private final StepControl control;
  private final HostWritten copies;
  private final Head head;
  private final long inner;

  /** Allocates everything; borrows what it is given. */
  Stepping(
      Extents extents,
      Mixture mixture,
      AttentionLayers attention,
      Products products,
      Work work,
      CudaStream stream,
      Transfers transfers,
      DevicePool pool) {
    int capacity = extents.capacity();
    mixture.allocate(pool, stream, capacity);
    extents.expected(products).allocate(pool);
    attention.allocate(pool, extents.rows(), extents.width());
    inner = inner(extents, pool, stream);
    head = new Head(work, products, stream, transfers, extents.head(), pool);
    control = new StepControl(work, stream, extents.rows());
    copies = new HostWritten(stream, COPIES_BYTES);
  }

  private static long inner(Extents extents, DevicePool pool, CudaStream stream) {
    if (extents.innerBytes() == 0) {
      return 0;
    }
    long address =
        pool.allocate(
            extents.innerBytes(),
            String.format(Locale.ROOT, "feed-forward of %d rows", extents.capacity()));
    // elements between a width and its stride are read, and times their zero weights must stay zero
    stream.fill(address, (byte) 0, extents.innerBytes());
    return address;
  }

  /** What the device is told of a step. */
  StepControl control() {
    return control;
  }

  /** Pairs of blocks to be copied. */
  HostWritten copies() {
    return copies;
  }

  /** Norm, head and answers. */
  Head head() {
    return head;
  }

  /** Address of what lies between the two products of a dense block; 0 if there is none. */
  long inner() {
    return inner;
  }

  @Override
  public void close() {
    copies.close();
    control.close();
    head.close();
  }
}

package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.MatrixSource;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Packs weights into panels: compactly where the products read that, else as oneDNN's layout. Owned
 * by the engine thread, shares its work with the pool.
 */
final class WeightPacker {

  /**
   * Plain panels have to fit a core's cache; of compact ones a block at a time does, and larger
   * tasks let weights stream longer (decoding of 32 sequences: 2.8 %).
   */
  private static final int PANEL_BYTES = 512 << 10;

  private static final int COMPACT_PANEL_BYTES = 2 * PANEL_BYTES;
  private static final int PANELS_WANTED = 4;
  private static final int PANEL_MULTIPLE = 64;

  /** Compact panels have sizes of their own and lie one behind the other in pieces like this. */
  private static final long PIECE_BYTES = 32L << 20;

  private final NativeMemory memory;
  private final WorkerPool pool;
  private final Formats formats;
  private final short[][] raws;
  private final byte[][] compacts;
  private MemorySegment piece = MemorySegment.NULL;
  private long used;

  /** Says in which format weights of a size are multiplied best. */
  interface Formats {
    PackedFormat format(ElementType type, int inputs, int outputs);
  }

  WeightPacker(NativeMemory memory, WorkerPool pool, Formats formats) {
    this.memory = memory;
    this.pool = pool;
    this.formats = formats;
    raws = new short[pool.workers()][0];
    compacts = new byte[pool.workers()][0];
  }

  /** Packs sources of equal width, one below the other. */
  PackedMatrix pack(List<MatrixSource> sources, ElementType type) {
    int outputs = 0;
    int inputs = sources.getFirst().inputs();
    for (MatrixSource source : sources) {
      if (source.inputs() != inputs) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT, "stacked weights have %d and %d inputs", inputs, source.inputs()));
      }
      outputs = Math.addExact(outputs, source.outputs());
    }
    PackedFormat format = formats.format(type, inputs, outputs);
    int panelOutputs = panelOutputs(outputs, inputs, format);
    long[] panels = new long[Math.ceilDiv(outputs, panelOutputs)];
    long bytes =
        format.compact()
            ? packCompact(sources, inputs, panelOutputs, format, panels)
            : packPlain(sources, inputs, panelOutputs, format, panels);
    return new PackedMatrix(outputs, inputs, panelOutputs, format, panels, bytes);
  }

  private static int panelOutputs(int outputs, int inputs, PackedFormat format) {
    int panelBytes = format.compact() ? COMPACT_PANEL_BYTES : PANEL_BYTES;
    int fitting = panelBytes / (inputs * format.type().bytes()) / PANEL_MULTIPLE;
    int sharing = Math.ceilDiv(outputs / PANELS_WANTED, PANEL_MULTIPLE);
    // A power of two, so that panels end where queries end and keys begin.
    int blocks = Integer.highestOneBit(Math.max(1, Math.min(fitting, sharing)));
    return Math.min(outputs, blocks * PANEL_MULTIPLE);
  }

  /** Fills in the addresses of the panels; all of their bytes. */
  private long packPlain(
      List<MatrixSource> sources,
      int inputs,
      int panelOutputs,
      PackedFormat format,
      long[] panels) {
    long bytes = format.bytes(inputs, panelOutputs);
    MemorySegment all = memory.allocate(bytes * panels.length);
    pool.run(
        panels.length,
        (worker, panel) -> {
          MemorySegment target = all.asSlice(panel * bytes, bytes);
          packPanel(sources, panel * panelOutputs, panelOutputs, format, target);
          panels[panel] = target.address();
        });
    return all.byteSize();
  }

  private long packCompact(
      List<MatrixSource> sources,
      int inputs,
      int panelOutputs,
      PackedFormat format,
      long[] panels) {
    int blocks = Math.ceilDiv(panelOutputs, format.width());
    int weights = Math.toIntExact(format.bytes(inputs, panelOutputs) / Short.BYTES);
    int bytesAtMost = CompactEncoder.bytesAtMost(inputs, blocks);
    AtomicLong all = new AtomicLong();
    pool.run(
        panels.length,
        (worker, panel) -> {
          if (raws[worker].length < weights) {
            raws[worker] = new short[weights];
          }
          if (compacts[worker].length < bytesAtMost) {
            compacts[worker] = new byte[bytesAtMost];
          }
          MemorySegment raw = MemorySegment.ofArray(raws[worker]).asSlice(0, 2L * weights);
          raw.fill((byte) 0);
          packPanel(sources, panel * panelOutputs, panelOutputs, format, raw);
          int bytes = CompactEncoder.encode(raws[worker], inputs, blocks, compacts[worker]);
          MemorySegment target = place(bytes);
          MemorySegment.copy(MemorySegment.ofArray(compacts[worker]), 0, target, 0, bytes);
          panels[panel] = target.address();
          all.addAndGet(bytes);
        });
    return all.get();
  }

  private synchronized MemorySegment place(long bytes) {
    if (piece.byteSize() - used < bytes) {
      piece = memory.allocate(Math.max(PIECE_BYTES, bytes));
      used = 0;
    }
    MemorySegment place = piece.asSlice(used, bytes);
    used += bytes;
    return place;
  }

  /** Copies outputs {@code first} to {@code first + count - 1} of the stack, or what there is. */
  private static void packPanel(
      List<MatrixSource> sources, int first, int count, PackedFormat format, MemorySegment target) {
    int start = 0;
    for (MatrixSource source : sources) {
      int from = Math.max(first, start);
      int to = Math.min(first + count, start + source.outputs());
      if (from < to) {
        MatrixPacker.packInto(source, from - start, to - from, from - first, format, target);
      }
      start += source.outputs();
    }
  }
}

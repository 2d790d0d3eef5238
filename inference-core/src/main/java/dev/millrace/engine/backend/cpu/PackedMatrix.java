package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.Matrix;
import dev.millrace.engine.backend.MatrixSource;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A weight cut by outputs into panels that fit a core's cache, each packed for the kernels. Panels
 * are the unit of work: which panels there are depends on the matrix alone. Immutable after
 * packing.
 */
final class PackedMatrix implements Matrix {

  private static final int PANEL_BYTES = 512 << 10;
  private static final int PANELS_WANTED = 4;
  private static final int PANEL_MULTIPLE = 64;

  private final int outputs;
  private final int inputs;
  private final int panelOutputs;
  private final PackedFormat format;
  private final MemorySegment memory;
  private final long panelBytes;

  private PackedMatrix(int outputs, int inputs, ElementType type, NativeMemory owner) {
    this.outputs = outputs;
    this.inputs = inputs;
    this.panelOutputs = panelOutputs(outputs, inputs, type);
    this.format = PackedFormat.of(type, outputs);
    this.panelBytes = format.bytes(inputs, panelOutputs);
    this.memory = owner.allocate(panelBytes * panels());
  }

  /** Packs sources of equal width, one below the other. */
  static PackedMatrix pack(
      List<MatrixSource> sources, ElementType type, NativeMemory owner, WorkerPool pool) {
    int outputs = 0;
    int inputs = sources.getFirst().inputs();
    for (MatrixSource source : sources) {
      if (source.inputs() != inputs) {
        throw new IllegalArgumentException(
            "stacked weights have %d and %d inputs".formatted(inputs, source.inputs()));
      }
      outputs = Math.addExact(outputs, source.outputs());
    }
    PackedMatrix matrix = new PackedMatrix(outputs, inputs, type, owner);
    pool.run(matrix.panels(), (worker, panel) -> matrix.packPanel(sources, panel));
    return matrix;
  }

  private static int panelOutputs(int outputs, int inputs, ElementType type) {
    int fitting = PANEL_BYTES / (inputs * type.bytes()) / PANEL_MULTIPLE * PANEL_MULTIPLE;
    int sharing = (outputs / PANELS_WANTED + PANEL_MULTIPLE - 1) / PANEL_MULTIPLE * PANEL_MULTIPLE;
    return Math.min(outputs, Math.max(PANEL_MULTIPLE, Math.min(fitting, sharing)));
  }

  private void packPanel(List<MatrixSource> sources, int panel) {
    int first = panel * panelOutputs;
    int end = first + outputsOf(panel);
    MemorySegment target = memory.asSlice(panel * panelBytes, panelBytes);
    int start = 0;
    for (MatrixSource source : sources) {
      int from = Math.max(first, start);
      int to = Math.min(end, start + source.outputs());
      if (from < to) {
        MatrixPacker.packInto(source, from - start, to - from, from - first, format, target);
      }
      start += source.outputs();
    }
  }

  @Override
  public int outputs() {
    return outputs;
  }

  @Override
  public int inputs() {
    return inputs;
  }

  PackedFormat format() {
    return format;
  }

  /** Number of panels. */
  int panels() {
    return (outputs + panelOutputs - 1) / panelOutputs;
  }

  /** Outputs of every panel but perhaps the last. */
  int panelOutputs() {
    return panelOutputs;
  }

  /** Outputs of one panel. */
  int outputsOf(int panel) {
    return Math.min(panelOutputs, outputs - panel * panelOutputs);
  }

  /** Address of a panel's packed weights. */
  long address(int panel) {
    return memory.address() + panel * panelBytes;
  }
}

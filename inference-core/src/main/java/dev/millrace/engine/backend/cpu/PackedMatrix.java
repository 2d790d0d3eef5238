package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.backend.Matrix;

/**
 * A weight cut by outputs into panels that fit a core's cache, each packed for the kernels. Panels
 * are the unit of work: which panels there are depends on the matrix alone. Immutable.
 */
final class PackedMatrix implements Matrix {

  private final int outputs;
  private final int inputs;
  private final int panelOutputs;
  private final PackedFormat format;
  private final long[] panels;
  private final long bytes;

  /**
   * Views packed panels.
   *
   * @param panelOutputs outputs of every panel but perhaps the last
   * @param panels their addresses
   * @param bytes of all panels
   */
  PackedMatrix(
      int outputs, int inputs, int panelOutputs, PackedFormat format, long[] panels, long bytes) {
    this.outputs = outputs;
    this.inputs = inputs;
    this.panelOutputs = panelOutputs;
    this.format = format;
    this.panels = panels.clone();
    this.bytes = bytes;
  }

  @Override
  public int outputs() {
    return outputs;
  }

  @Override
  public int inputs() {
    return inputs;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  PackedFormat format() {
    return format;
  }

  /** Number of panels. */
  int panels() {
    return panels.length;
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
    return panels[panel];
  }
}

package dev.millrace.engine.backend;

/** Activations of one step, one row per token, on the device. Made and closed by its backend. */
public interface Rows {
  /** Most rows a step may use. */
  int rowsMax();

  /** Elements of one row. */
  int width();
}

package dev.millrace.engine.backend;

/** A packed weight [outputs, inputs] on the device. Made and closed by its backend. */
public interface Matrix {
  /** Output width. */
  int outputs();

  /** Input width. */
  int inputs();

  /** Bytes that the backend keeps for it and reads when it multiplies by it. */
  long bytes();
}

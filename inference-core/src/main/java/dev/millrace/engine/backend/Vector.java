package dev.millrace.engine.backend;

/** A norm weight on the device. Made and closed by its backend. */
public interface Vector {
  /** Number of elements. */
  int size();
}

package dev.millrace.engine.backend.cpu;

/** What happens to a product before it is stored. Immutable. */
enum Epilogue {
  /** {@code dst = product}. */
  STORE,
  /** {@code dst += product}. */
  ADD
}

package dev.millrace.engine.backend.cpu;

/** Storage type of a product's operands. Immutable. */
enum ElementType {
  F32(4),
  BF16(2);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one element. */
  int bytes() {
    return bytes;
  }
}

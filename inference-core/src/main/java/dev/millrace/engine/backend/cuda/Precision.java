package dev.millrace.engine.backend.cuda;

/** The numbers that rows, keys and values are computed in. */
enum Precision {
  /** Operands of products, keys and values are bf16; quantised weights stay as they are. */
  BF16("", 1, Short.BYTES),
  /**
   * Everything is f32. The tensor cores get operands as sums of bf16 terms, whose products are
   * added in f32; {@code millrace/terms.cuh} says why that loses nothing.
   */
  F32("_f32", 3, Float.BYTES);

  private final String suffix;
  private final int terms;
  private final int bytes;

  Precision(String suffix, int terms, int bytes) {
    this.suffix = suffix;
    this.terms = terms;
    this.bytes = bytes;
  }

  /** Name of the variant of a kernel that has two. */
  String kernel(String name) {
    return name + suffix;
  }

  /** Numbers in bf16 that stand for one element of an operand, in planes one after the other. */
  int terms() {
    return terms;
  }

  /** Bytes of an element of what norm and rotation give: operands, queries, keys and values. */
  int bytes() {
    return bytes;
  }

  /** Bytes of an element of an operand. */
  int operandBytes() {
    return terms * Short.BYTES;
  }

  /** What the backend is called by: {@code bf16}, {@code f32}. */
  String label() {
    return this == BF16 ? "bf16" : "f32";
  }
}

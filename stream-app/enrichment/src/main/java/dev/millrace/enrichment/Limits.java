package dev.millrace.enrichment;

import java.util.Locale;

/** Bounds of a plan's numbers, for its records and its reader alike. Immutable. */
enum Limits {
  /** Tokens of one answer. */
  TASK_TOKENS(1, 65_536),
  /** Tokens of one part of a document. */
  PART_TOKENS(32, 10_000_000),
  /** Parts of one document. */
  PARTS(1, 4_096);

  final int min;
  final int max;

  Limits(int min, int max) {
    this.min = min;
    this.max = max;
  }

  void check(String name, int value) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s must be %d..%d, got %d", name, min, max, value));
    }
  }

  static void probability(String name, double value) {
    between(name, value, 0, 1);
  }

  static void tokensPerDocumentToken(double value) {
    between("tokensPerDocumentToken", value, 0, 100);
  }

  static void between(String name, double value, double min, double max) {
    if (!(value >= min && value <= max)) {
      throw new IllegalArgumentException(
          "%s must be %s..%s, got %s".formatted(name, text(min), text(max), text(value)));
    }
  }

  private static String text(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}

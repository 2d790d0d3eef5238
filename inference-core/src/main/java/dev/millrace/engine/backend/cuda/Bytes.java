package dev.millrace.engine.backend.cuda;

import java.util.Locale;

/** Amounts of memory in words. Pure functions. */
final class Bytes {

  private Bytes() {}

  /** {@code 141.3 GiB}; below one GiB in MiB, below one MiB in bytes. */
  static String of(long bytes) {
    if (bytes < 1L << 20) {
      return bytes + " bytes";
    }
    boolean large = bytes >= 1L << 30;
    double amount = (double) bytes / (large ? 1L << 30 : 1L << 20);
    return String.format(Locale.ROOT, "%.1f %s", amount, large ? "GiB" : "MiB");
  }
}

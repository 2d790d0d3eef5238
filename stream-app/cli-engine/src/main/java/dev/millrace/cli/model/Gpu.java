package dev.millrace.cli.model;

import java.util.List;

/**
 * A GPU one can rent or buy.
 *
 * @param name as its maker names it
 * @param gibibytes memory that its driver reports
 */
record Gpu(String name, double gibibytes) {

  /** Ascending by memory. */
  static final List<Gpu> COMMON =
      List.of(
          new Gpu("L4", 22.5),
          new Gpu("RTX 4090", 24),
          new Gpu("RTX 5090", 31.8),
          new Gpu("A100 40 GB", 40),
          new Gpu("L40S", 45),
          new Gpu("H100 80 GB", 79.6),
          new Gpu("A100 80 GB", 80),
          new Gpu("RTX PRO 6000", 95.6),
          new Gpu("H200", 140.4),
          new Gpu("B200", 179));

  private static final double GIBIBYTE = 1L << 30;

  /** Share of the memory that is left to us, and what activations and the driver take of it. */
  private static final double USABLE = 0.95;

  private static final double RESERVED_GIBIBYTES = 1;

  /** Memory left for keys and values beside the weights, in bytes; negative if they do not fit. */
  long room(long weightBytes) {
    return (long) ((gibibytes * USABLE - RESERVED_GIBIBYTES) * GIBIBYTE) - weightBytes;
  }
}

package dev.millrace.cli.bench.engine;

import java.util.List;

/**
 * One measured figure. Larger is better.
 *
 * @param name key in JSON
 * @param title what was measured
 * @param unit unit of the values
 * @param value median and spread
 * @param limit what the machine allows in the same unit; 0 if no limit is known
 * @param comparisons with the peers that measured it, too
 */
record Figure(
    String name,
    String title,
    String unit,
    Spread value,
    double limit,
    List<Comparison> comparisons) {}

package dev.millrace.cli.bench.engine;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.backend.BackendInfo;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What was measured, for readers and for scripts.
 *
 * @param info of the backend
 * @param quantisation of the model, as its configuration or the command names it
 * @param machine limits
 * @param fault what the check of the results found, if they are wrong
 * @param figures in the order of measuring
 */
record BenchReport(
    BackendInfo info,
    String quantisation,
    Machine machine,
    Optional<String> fault,
    List<Figure> figures) {

  /** One line for scripts. */
  String json() {
    ObjectNode root = new ObjectMapper().createObjectNode();
    root.put("backend", info.name());
    root.put("device", info.device());
    root.put("arithmetic", info.arithmetic());
    root.put("threads", info.threads());
    root.put("quantisation", quantisation);
    root.put("checked", fault.isEmpty());
    fault.ifPresent(what -> root.put("fault", what));
    root.put("readGigabytesPerSecond", machine.readBytesPerSecond() / 1e9);
    root.put("gigaoperationsPerSecond", machine.operationsPerSecond() / 1e9);
    for (Figure figure : figures) {
      ObjectNode node = root.putObject(figure.name());
      put(node, figure.value());
      node.put("unit", figure.unit());
      if (figure.limit() > 0) {
        node.put("limit", figure.limit());
        node.put("shareOfLimit", figure.value().median() / figure.limit());
      }
      for (Comparison with : figure.comparisons()) {
        ObjectNode peer = node.withObjectProperty("peers").putObject(with.peer());
        put(peer, with.theirs());
        put(peer.putObject("ratio"), with.ratio());
      }
    }
    taskCost().ifPresent(cost -> root.put("threeTasksCost", cost));
    return root.toString();
  }

  private static void put(ObjectNode node, Spread spread) {
    node.put("median", spread.median());
    node.put("low", spread.low());
    node.put("high", spread.high());
  }

  /** For readers. */
  String table() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s on %s, %s, %d threads; memory reads %.1f GB/s, products %.0f GFLOP/s%n",
            info.name(),
            info.device(),
            info.arithmetic(),
            info.threads(),
            machine.readBytesPerSecond() / 1e9,
            machine.operationsPerSecond() / 1e9));
    fault.ifPresent(
        what -> text.append("RESULTS ARE WRONG: ").append(what).append(System.lineSeparator()));
    for (Figure figure : figures) {
      text.append(line(figure)).append(System.lineSeparator());
    }
    taskCost()
        .ifPresent(cost ->
            text.append(
                String.format(Locale.ROOT, "three tasks take %.2f times the time of one%n", cost)));
    return text.toString().stripTrailing();
  }

  private Optional<Double> taskCost() {
    Map<String, Double> medians = new HashMap<>();
    figures.forEach(figure -> medians.put(figure.name(), figure.value().median()));
    Double one = medians.get("documents1");
    Double three = medians.get("documents3");
    return one == null || three == null ? Optional.empty() : Optional.of(one / three);
  }

  /** Title, value, spread and share of the limit; below that the same of each peer. */
  static String line(Figure figure) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%-34s %9.1f %-12s %9.1f .. %-9.1f",
            figure.title(),
            figure.value().median(),
            figure.unit(),
            figure.value().low(),
            figure.value().high()));
    if (figure.limit() > 0) {
      text.append(
          String.format(
              Locale.ROOT,
              " %3.0f %% of %.0f",
              100 * figure.value().median() / figure.limit(),
              figure.limit()));
    }
    for (Comparison with : figure.comparisons()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%n  %-32s %9.1f %-12s %9.1f .. %-9.1f ratio %.2f, %.2f .. %.2f",
              with.peer(),
              with.theirs().median(),
              figure.unit(),
              with.theirs().low(),
              with.theirs().high(),
              with.ratio().median(),
              with.ratio().low(),
              with.ratio().high()));
    }
    return text.toString();
  }
}

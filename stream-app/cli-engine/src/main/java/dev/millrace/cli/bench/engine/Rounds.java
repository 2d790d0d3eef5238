package dev.millrace.cli.bench.engine;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;

/**
 * Measures in rounds, after warming up. Peers are measured in the same rounds: the memory of a
 * shared machine has fast and slow minutes, and a ratio of two figures from different minutes tells
 * more about those than about the programs. Used by one thread.
 */
final class Rounds {

  /** What the program before us has left in the caches must not decide our turn. */
  private static final long TURN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Workload work;
  private final List<Peer> peers;

  Rounds(Workload work, List<Peer> peers) {
    this.work = work;
    this.peers = List.copyOf(peers);
  }

  /** Why it takes so long, for who waits; empty without peers. */
  String turns() {
    return peers.isEmpty()
        ? ""
        : String.format(
            Locale.ROOT,
            " in %d turns with %s",
            work.rounds(),
            peers.stream().map(Peer::name).collect(joining(", ")));
  }

  /** Measures ours alone. */
  Spread alone(DoubleSupplier ours) {
    warm(ours);
    double[] values = new double[work.rounds()];
    Arrays.setAll(values, i -> ours.getAsDouble());
    return Spread.of(values);
  }

  /**
   * Measures ours and the peers in turns.
   *
   * @param question for the peers
   */
  Measured besidePeers(String question, DoubleSupplier ours) {
    List<Peer> able = peers.stream().filter(peer -> peer.rate(question).isPresent()).toList();
    if (able.isEmpty()) {
      return new Measured(alone(ours), List.of());
    }
    warm(ours);
    double[] values = new double[work.rounds()];
    double[][] theirs = new double[able.size()][work.rounds()];
    for (int round = 0; round < values.length; round++) {
      values[round] = turn(ours);
      for (int p = 0; p < theirs.length; p++) {
        OptionalDouble rate = able.get(p).rate(question);
        theirs[p][round] = rate.orElse(Double.NaN);
      }
    }
    List<Comparison> comparisons = new ArrayList<>();
    for (int p = 0; p < theirs.length; p++) {
      double[] ratios = new double[values.length];
      for (int round = 0; round < ratios.length; round++) {
        ratios[round] = values[round] / theirs[p][round];
      }
      comparisons.add(new Comparison(able.get(p).name(), Spread.of(theirs[p]), Spread.of(ratios)));
    }
    return new Measured(Spread.of(values), comparisons);
  }

  private void warm(DoubleSupplier measurement) {
    long start = System.nanoTime();
    for (int done = 0; work.warms(done, System.nanoTime() - start); done++) {
      double ignored = measurement.getAsDouble();
    }
  }

  /** The median of as many measurements as a turn has time for. */
  private static double turn(DoubleSupplier measurement) {
    List<Double> values = new ArrayList<>();
    long start = System.nanoTime();
    do {
      values.add(measurement.getAsDouble());
    } while (System.nanoTime() - start < TURN_NANOS);
    return Spread.of(values.stream().mapToDouble(Double::doubleValue).toArray()).median();
  }

  /**
   * The result of all rounds.
   *
   * @param ours of each round
   * @param comparisons with each peer that does the same
   */
  record Measured(Spread ours, List<Comparison> comparisons) {}
}

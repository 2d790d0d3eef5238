package dev.millrace.faults;

import java.util.Map;
import java.util.function.IntFunction;

/**
 * A row of the fault matrix: what is done to the application, and how often.
 *
 * @param name what it is called, in words that a command line takes
 * @param main whether it belongs to what every change is tested with
 * @param rounds how often its fault is made in a long run
 * @param settings of the application, on top of the scene's own
 * @param text of a document by its number
 * @param play what is done, the given number of times
 */
record FaultRow(
    String name,
    boolean main,
    int rounds,
    Map<String, String> settings,
    IntFunction<String> text,
    Play play) {

  /** Does it, on a scene without any instance. */
  interface Play {
    void on(Scene scene, int rounds);
  }

  FaultRow {
    settings = Map.copyOf(settings);
  }

  /** Some are rejected and some quarantined, so that all three topics take part. */
  static String mixed(int number) {
    return (number % 50 == 7 ? "reject " : number % 50 == 9 ? "quarantine " : "text ") + number;
  }

  static FaultRow main(String name, int rounds, Play play) {
    return new FaultRow(name, true, rounds, Map.of(), FaultRow::mixed, play);
  }

  static FaultRow more(String name, int rounds, Play play) {
    return new FaultRow(name, false, rounds, Map.of(), FaultRow::mixed, play);
  }

  FaultRow with(String key, String value) {
    return new FaultRow(name, main, rounds, Map.of(key, value), text, play);
  }

  FaultRow withText(IntFunction<String> other) {
    return new FaultRow(name, main, rounds, settings, other, play);
  }
}

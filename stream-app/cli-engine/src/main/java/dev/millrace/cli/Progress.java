package dev.millrace.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Tells a person how far a long piece of work is: one line that renews itself on a terminal, a line
 * now and then elsewhere. Thread-safe because every method holds its monitor.
 */
public final class Progress implements AutoCloseable {

  private static final int BAR_COLUMNS = 24;
  private static final int BAR_COLUMNS_MIN = 8;
  private static final int COLUMNS_DEFAULT = 100;
  private static final long TERMINAL_EVERY_NANOS = Duration.ofMillis(100).toNanos();
  private static final long PLAIN_EVERY_NANOS = Duration.ofSeconds(5).toNanos();

  private final PrintWriter out;
  private final boolean terminal;
  private final int width;
  private final LongSupplier nanoClock;
  private final long began;
  private long lastPrinted;
  private long lastTold;
  private boolean lineOpen;

  /** On the standard error of this process: on a terminal if the launcher has found one there. */
  public static Progress ofProcess(PrintWriter out, LongSupplier nanoClock, long began) {
    String term = System.getenv("TERM");
    String columns = System.getenv("COLUMNS");
    boolean terminal = columns != null && term != null && !term.equals("dumb");
    return new Progress(out, terminal, columns(), nanoClock, began);
  }

  /** Columns of the terminal, as far as the environment tells. */
  public static int columns() {
    String columns = System.getenv("COLUMNS");
    try {
      return columns == null ? COLUMNS_DEFAULT : Math.clamp(Integer.parseInt(columns), 40, 240);
    } catch (NumberFormatException e) {
      return COLUMNS_DEFAULT;
    }
  }

  /** Where there is no terminal. */
  public static Progress plain(PrintWriter out, LongSupplier nanoClock) {
    return new Progress(out, false, 1, nanoClock, nanoClock.getAsLong());
  }

  /**
   * @param out where the lines go
   * @param terminal whether a line can be renewed in place
   * @param width columns of the terminal
   * @param nanoClock monotonic clock
   * @param began what it said at the beginning of the work
   */
  public Progress(
      PrintWriter out, boolean terminal, int width, LongSupplier nanoClock, long began) {
    this.out = out;
    this.terminal = terminal;
    this.width = width;
    this.nanoClock = nanoClock;
    this.began = began;
    long now = nanoClock.getAsLong();
    this.lastPrinted = now - PLAIN_EVERY_NANOS;
    this.lastTold = now;
  }

  /** A finished stage, with the time since the beginning. Stays on the screen. */
  public synchronized void stage(String text) {
    clearLine();
    out.println(String.format(Locale.ROOT, "%6.1f s  %s", seconds(), text));
    out.flush();
  }

  /** How far the counted work is; printed only as often as it is readable. */
  public synchronized void count(String what, long done, long total) {
    long now = nanoClock.getAsLong();
    long every = terminal ? TERMINAL_EVERY_NANOS : PLAIN_EVERY_NANOS;
    if (done < total && now - lastPrinted < every) {
      return;
    }
    lastPrinted = now;
    String text = String.format(Locale.ROOT, "%6.1f s  %s %d/%d", seconds(), what, done, total);
    if (terminal) {
      renew(text + "  " + bar(BAR_COLUMNS, total == 0 ? 1 : (double) done / total));
    } else {
      out.println(text);
      out.flush();
    }
  }

  /**
   * How far work is whose end may not be known: a bar on a terminal, a line now and then elsewhere.
   *
   * @param share done, 0 to 1; NaN if nobody knows
   * @param before stands before the bar
   * @param behind stands behind the bar; the bar takes what is left of the line
   * @param elsewhere the line where there is no terminal
   */
  public synchronized void bar(
      double share, String before, Supplier<String> behind, Supplier<String> elsewhere) {
    if (!terminal) {
      tell(elsewhere);
      return;
    }
    long now = nanoClock.getAsLong();
    if (now - lastPrinted < TERMINAL_EVERY_NANOS) {
      return;
    }
    lastPrinted = now;
    String text = behind.get();
    int left = width - 1 - DisplayWidth.of(before) - DisplayWidth.of(text) - 2;
    String drawn =
        Double.isNaN(share) || left < BAR_COLUMNS_MIN
            ? ""
            : bar(Math.min(left, BAR_COLUMNS), share) + " ";
    renew(before + " " + drawn + text);
  }

  private static String bar(int columns, double share) {
    int filled = (int) (columns * share);
    return "█".repeat(filled) + "░".repeat(columns - filled);
  }

  private void renew(String line) {
    out.print("\r" + DisplayWidth.fit(line, Math.max(1, width - 1)));
    out.flush();
    lineOpen = true;
  }

  /** A line about how far the work is, if none was printed for a while. Stays on the screen. */
  public synchronized void tell(Supplier<String> text) {
    long now = nanoClock.getAsLong();
    if (now - lastTold >= PLAIN_EVERY_NANOS) {
      lastTold = now;
      stage(text.get());
    }
  }

  /** Leaves the screen at the beginning of an empty line. */
  public synchronized void clear() {
    clearLine();
    out.flush();
  }

  @Override
  public void close() {
    clear();
  }

  private void clearLine() {
    if (lineOpen) {
      out.print("\r" + " ".repeat(Math.max(0, width - 1)) + "\r");
      lineOpen = false;
    }
  }

  /** Time since the beginning. */
  public double seconds() {
    return (nanoClock.getAsLong() - began) / 1e9;
  }

  /**
   * A duration for people: {@code 850 ms}, {@code 12.3 s}, {@code 4 min 05 s}, {@code 2 h 10 min}.
   */
  public static String readable(Duration duration) {
    long millis = duration.toMillis();
    if (millis < 1000) {
      return millis + " ms";
    }
    if (millis < 60_000) {
      return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
    }
    if (millis < 3_600_000) {
      return String.format(Locale.ROOT, "%d min %02d s", millis / 60_000, millis / 1000 % 60);
    }
    return String.format(Locale.ROOT, "%d h %02d min", millis / 3_600_000, millis / 60_000 % 60);
  }
}

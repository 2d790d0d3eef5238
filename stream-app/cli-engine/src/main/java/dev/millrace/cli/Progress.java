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
      long filled = total == 0 ? BAR_COLUMNS : BAR_COLUMNS * done / total;
      String bar = "█".repeat((int) filled) + "░".repeat((int) (BAR_COLUMNS - filled));
      out.print("\r" + DisplayWidth.fit(text + "  " + bar, Math.max(1, width - 1)));
      lineOpen = true;
    } else {
      out.println(text);
    }
    out.flush();
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

  /** A duration for people: {@code 850 ms}, {@code 12.3 s}, {@code 4 min 05 s}. */
  public static String readable(Duration duration) {
    long millis = duration.toMillis();
    if (millis < 1000) {
      return millis + " ms";
    }
    if (millis < 60_000) {
      return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
    }
    return String.format(Locale.ROOT, "%d min %02d s", millis / 60_000, millis / 1000 % 60);
  }
}

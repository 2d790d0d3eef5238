package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {

  private final StringWriter screen = new StringWriter();
  private final AtomicLong clock = new AtomicLong(1_000_000_000L);

  @Test
  void shouldPrintSparseLinesWhereThereIsNoTerminal() {
    try (Progress progress = progress(false)) {
      for (int i = 0; i <= 100; i++) {
        progress.count("documents", i, 1000);
        clock.addAndGet(Duration.ofMillis(100).toNanos());
      }
    }

    assertThat(screen.toString().lines())
        .containsExactly(
            "   0.0 s  documents 0/1000",
            "   5.0 s  documents 50/1000",
            "  10.0 s  documents 100/1000");
  }

  @Test
  void shouldAlwaysPrintTheEnd() {
    try (Progress progress = progress(false)) {
      progress.count("documents", 1, 2);
      progress.count("documents", 2, 2);
    }

    assertThat(screen.toString()).contains("documents 2/2");
  }

  @Test
  void shouldRenewOneLineOnATerminalAndLeaveItEmpty() {
    try (Progress progress = progress(true)) {
      progress.count("documents", 1, 2);
      clock.addAndGet(Duration.ofMillis(100).toNanos());
      progress.count("documents", 2, 2);
    }

    String all = screen.toString();
    assertThat(all).doesNotContain("\n").contains("\r");
    assertThat(all).endsWith("\r" + " ".repeat(59) + "\r");
  }

  @Test
  void shouldKeepStagesOnTheScreen() {
    try (Progress progress = progress(true)) {
      progress.count("documents", 1, 2);
      clock.addAndGet(Duration.ofMillis(1500).toNanos());
      progress.stage("broker ready");
    }

    assertThat(screen.toString()).endsWith("   1.5 s  broker ready\n");
  }

  @Test
  void shouldTellNowAndThenAndNotAtOnce() {
    try (Progress progress = progress(false)) {
      for (int i = 0; i <= 100; i++) {
        int done = i;
        progress.tell(() -> done + " lines");
        clock.addAndGet(Duration.ofMillis(100).toNanos());
      }
    }

    assertThat(screen.toString().lines())
        .containsExactly("   5.0 s  50 lines", "  10.0 s  100 lines");
  }

  @Test
  void shouldWriteDurationsForPeople() {
    assertThat(Progress.readable(Duration.ofMillis(850))).isEqualTo("850 ms");
    assertThat(Progress.readable(Duration.ofMillis(12_340))).isEqualTo("12.3 s");
    assertThat(Progress.readable(Duration.ofSeconds(245))).isEqualTo("4 min 05 s");
  }

  private Progress progress(boolean terminal) {
    return new Progress(new PrintWriter(screen, true), terminal, 60, clock::get, clock.get());
  }
}

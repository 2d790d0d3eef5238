package dev.millrace.cli.bench.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.cli.CommandException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class PeerTest {

  @TempDir private Path directory;

  private static Peer answering(String script) {
    return Peer.parse("other=while read kind rest; do " + script + "; done");
  }

  @Test
  void shouldAskAndBelieveTheAnswer() {
    try (Peer peer = answering("case $kind in decode) echo 12.5;; *) echo none;; esac")) {
      assertThat(peer.name()).isEqualTo("other");
      assertThat(peer.rate("prefill 1024")).isEmpty();
      assertThat(peer.rate("decode 8 16 63")).hasValue(12.5);
    }
  }

  @Test
  void shouldHandTheWholeQuestionOver() {
    try (Peer peer = answering("set -- $rest; echo $(($1 + $2 + $3))")) {
      assertThat(peer.rate("decode 8 16 63")).hasValue(87);
    }
  }

  @Test
  void shouldRefuseAnAnswerThatIsNoSpeed() {
    for (String answer : List.of("fast", "-1", "0", "NaN", "Infinity", "")) {
      try (Peer peer = answering("echo " + answer)) {
        assertThatThrownBy(() -> peer.rate("prefill 8"))
            .isInstanceOf(CommandException.class)
            .hasMessage(
                "the peer other answered '%s' to 'prefill 8', expected tokens per second or none",
                answer);
      }
    }
    try (Peer peer = answering("head -c 5000 /dev/zero | tr \\\\0 9; echo x")) {
      assertThatThrownBy(() -> peer.rate("prefill 8"))
          .as("a long answer is cut")
          .message()
          .hasSizeLessThan(200);
    }
  }

  @Test
  void shouldRefuseMoreThanOneAnswer() {
    try (Peer peer = answering("echo 1; echo 2; echo 3")) {
      assertThatThrownBy(
              () -> {
                // sooner or later an answer is there before its question
                for (int i = 0; i < 1_000; i++) {
                  assertThat(peer.rate("prefill 8")).isPresent();
                }
              })
          .isInstanceOf(CommandException.class)
          .message()
          .matches("the peer other said '[123]' without being asked");
    }
  }

  @Test
  void shouldSayThatAPeerEnded() {
    try (Peer peer = Peer.parse("other=read question; exit 3")) {
      assertThatThrownBy(() -> peer.rate("prefill 8"))
          .isInstanceOf(CommandException.class)
          .hasMessage("the peer other ended (exit status 3) before it answered 'prefill 8'");
    }
    try (Peer peer = Peer.parse("other=/nonexistent/program")) {
      assertThatThrownBy(() -> peer.rate("prefill 8"))
          .isInstanceOf(CommandException.class)
          .hasMessageContaining("the peer other ended");
    }
  }

  @Test
  void shouldEndThePeerWithItsInput() throws IOException {
    Path left = directory.resolve("left");
    try (Peer peer = answering("echo 1")) {
      assertThat(peer.rate("prefill 8")).hasValue(1);
    }
    try (Peer peer = Peer.parse("other=read a; echo 1; read b; echo ended > " + left)) {
      assertThat(peer.rate("prefill 8")).hasValue(1);
    }
    assertThat(Files.readString(left)).isEqualTo("ended\n");
  }

  @Test
  void shouldRefuseAPeerWithoutACommand() {
    for (String argument : List.of("llama.cpp", "=x", "x=")) {
      assertThatThrownBy(() -> Peer.parse(argument))
          .isInstanceOf(CommandException.class)
          .hasMessage("--peer needs NAME=COMMAND, got '%s'", argument);
    }
  }

  @Test
  void shouldMeasureInTurnsAndCompareRoundByRound() {
    Workload work =
        CommandLine.populateCommand(
            new Workload(), "--rounds=3", "--warm-rounds=1", "--warm-seconds=0");
    AtomicInteger turn = new AtomicInteger();
    // ours: one measurement of a second a turn, at 10, 20, 30 after one to warm up at 0
    try (Peer peer = answering("n=$((n + 1)); echo $((n * n))");
        Peer unable = answering("echo none")) {
      Rounds.Measured measured =
          new Rounds(work, List.of(peer, unable))
              .besidePeers(
                  "prefill 8",
                  () -> {
                    sleepAboutASecond();
                    return 10.0 * turn.getAndIncrement();
                  });

      assertThat(measured.ours()).isEqualTo(new Spread(20, 10, 30));
      assertThat(measured.comparisons()).hasSize(1);
      Comparison comparison = measured.comparisons().getFirst();
      // its first answer, 1, was the rehearsal
      assertThat(comparison.theirs()).isEqualTo(new Spread(9, 4, 16));
      assertThat(comparison.ratio().median()).isCloseTo(20 / 9.0, within(1e-9));
      assertThat(comparison.ratio().low()).isCloseTo(30 / 16.0, within(1e-9));
      assertThat(comparison.ratio().high()).isCloseTo(10 / 4.0, within(1e-9));
    }
  }

  private static void sleepAboutASecond() {
    try {
      Thread.sleep(1_010);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}

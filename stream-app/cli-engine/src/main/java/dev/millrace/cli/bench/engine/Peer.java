package dev.millrace.cli.bench.engine;

import dev.millrace.cli.CommandException;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Another program with the same model on the same machine, measured in turns with ours.
 *
 * <p>It runs as a child process and is asked on its standard input, a line each: {@code prefill
 * TOKENS} or {@code decode SEQUENCES PROMPT STEPS}. It measures once and answers on standard output
 * with a line of its own: tokens per second, or {@code none} if it cannot do that. At the end of
 * its input it ends. Used by one thread.
 */
final class Peer implements AutoCloseable {

  /** The answer of a program that does not do what it was asked for. */
  private static final String NONE = "none";

  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(5);
  private static final int SHOWN_CHARACTERS = 80;

  private final String name;
  private final String command;
  private final BlockingQueue<String> answers = new ArrayBlockingQueue<>(1);
  private @Nullable Process process;

  private Peer(String name, String command) {
    this.name = name;
    this.command = command;
  }

  /**
   * Parses {@code NAME=COMMAND}; a shell runs the command when the first question comes, so that a
   * program that loads its model does not disturb what is measured before.
   */
  static Peer parse(String argument) {
    int split = argument.indexOf('=');
    if (split < 1 || split == argument.length() - 1) {
      throw CommandException.usage("--peer needs NAME=COMMAND, got '%s'".formatted(argument));
    }
    return new Peer(argument.substring(0, split), argument.substring(split + 1));
  }

  private Process process() {
    if (process == null) {
      try {
        process =
            new ProcessBuilder("sh", "-c", command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
      } catch (IOException e) {
        throw CommandException.failure("cannot start the peer %s: no shell".formatted(name), e);
      }
      BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
      Thread.ofVirtual().name("peer-" + name).start(() -> listen(lines));
    }
    return process;
  }

  /** As it appears in the result. */
  String name() {
    return name;
  }

  /**
   * Has it measure once.
   *
   * @param question a line of the protocol
   * @return tokens per second; empty if it does not do that
   */
  OptionalDouble rate(String question) {
    String answer = ask(question);
    if (answer.equals(NONE)) {
      return OptionalDouble.empty();
    }
    try {
      double rate = Double.parseDouble(answer);
      if (rate > 0 && Double.isFinite(rate)) {
        return OptionalDouble.of(rate);
      }
    } catch (NumberFormatException e) {
      // told below, as any other answer that is no speed
    }
    throw CommandException.failure(
        "the peer %s answered '%s' to '%s', expected tokens per second or %s"
            .formatted(name, shown(answer), question, NONE));
  }

  private String ask(String question) {
    Process program = process();
    String unasked = answers.poll();
    if (unasked != null) {
      throw CommandException.failure(
          "the peer %s said '%s' without being asked".formatted(name, shown(unasked)));
    }
    try {
      BufferedWriter questions = program.outputWriter(StandardCharsets.UTF_8);
      questions.write(question);
      questions.newLine();
      questions.flush();
    } catch (IOException e) {
      throw gone(program, question);
    }
    long end = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (System.nanoTime() < end) {
        boolean over = !program.isAlive();
        String answer = answers.poll(1, TimeUnit.SECONDS);
        if (answer != null) {
          return answer;
        }
        if (over) {
          throw gone(program, question);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw CommandException.stopped("stopped while the peer " + name + " was measured", e);
    }
    throw CommandException.failure(
        String.format(
            Locale.ROOT,
            "the peer %s did not answer '%s' within %d minutes",
            name,
            question,
            PATIENCE.toMinutes()));
  }

  private CommandException gone(Process program, String question) {
    String end = "";
    try {
      if (program.waitFor(PATIENCE_AT_END)) {
        end = " (exit status " + program.exitValue() + ")";
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return CommandException.failure(
        "the peer %s ended%s before it answered '%s'".formatted(name, end, question));
  }

  private static String shown(String answer) {
    return answer.length() <= SHOWN_CHARACTERS
        ? answer
        : answer.substring(0, SHOWN_CHARACTERS) + "..";
  }

  private void listen(BufferedReader lines) {
    try (lines) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        answers.put(line.strip());
      }
    } catch (IOException e) {
      // the process is being ended; a question that still waits notices that itself
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the program: by the end of its input, and by force if that is not enough. */
  @Override
  public void close() {
    if (process == null) {
      return;
    }
    Stream<ProcessHandle> children = process.descendants();
    try {
      process.outputWriter(StandardCharsets.UTF_8).close();
    } catch (IOException e) {
      // it has ended already
    }
    try {
      if (process.waitFor(PATIENCE_AT_END)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    children.forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}

package dev.millrace.streams.ends;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The processes of this instance in a file of its state directory, one line each. A line says first
 * that its process runs; what it says when the next process reads it is how that one ended. Where
 * it cannot be written, every earlier process is unknown. Thread-safe because every method that
 * reads or writes its state holds its monitor.
 *
 * <p>A line's fields, separated by tabs: number of the process in hexadecimal digits; its state;
 * memory kills and newest error file when it began; the file that counts memory kills; the error
 * files it may leave.
 */
public final class ProcessLog implements ProcessEnds {
  private static final Logger LOG = LoggerFactory.getLogger(ProcessLog.class);
  private static final String HEADER = "millrace processes 1";
  private static final int KEPT = 32;
  private static final int ERROR_FILES_AT = 5;

  private enum State {
    RUNS,
    STOPPING,
    CRASHING,
    CRASHED,
    UNEXPLAINED,
    IN_ORDER
  }

  private record Line(State state, CrashTraces.Seen seen, CrashTraces traces) {
    Line with(State other) {
      return new Line(other, seen, traces);
    }
  }

  private final Path file;
  private final long process;
  private final CrashTraces traces;
  private final Map<Long, Line> lines = new LinkedHashMap<>();
  private boolean failed;

  /**
   * Knows nothing until {@link #begin}.
   *
   * @param file in the state directory; need not exist
   * @param process a random number
   * @param traces what a crash of this process would leave
   */
  public ProcessLog(Path file, long process, CrashTraces traces) {
    this.file = file;
    this.process = process;
    this.traces = traces;
  }

  private void read() {
    List<String> texts;
    try {
      if (!Files.exists(file)) {
        return;
      }
      texts = Files.readAllLines(file);
    } catch (IOException e) {
      LOG.warn("cannot read how earlier processes ended, from {}: {}", file, e.toString());
      return;
    }
    if (texts.isEmpty() || !texts.getFirst().equals(HEADER)) {
      LOG.warn("{} does not say how earlier processes ended: its first line is another", file);
      return;
    }
    for (String text : texts.subList(1, texts.size())) {
      try {
        String[] fields = text.split("\t", -1);
        long number = Long.parseUnsignedLong(fields[0], 16);
        List<Path> errorFiles =
            Stream.of(fields)
                .skip(ERROR_FILES_AT)
                .filter(name -> !name.isEmpty())
                .map(Path::of)
                .toList();
        lines.put(
            number,
            new Line(
                State.valueOf(fields[1]),
                new CrashTraces.Seen(Long.parseLong(fields[3]), Long.parseLong(fields[2])),
                new CrashTraces(errorFiles, Path.of(fields[4]))));
      } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
        LOG.warn("{} has a line that says nothing about a process: {}", file, e.toString());
      }
    }
  }

  private static State judge(Line line) {
    return switch (line.state()) {
      case CRASHED, UNEXPLAINED, IN_ORDER -> line.state();
      case RUNS, STOPPING, CRASHING -> {
        CrashTraces.Seen now = line.traces().look();
        if (now.hasNewErrorFile(line.seen())) {
          LOG.warn("the process before this one crashed: see {}", line.traces().errorFiles());
          yield State.CRASHED;
        }
        if (line.state() == State.CRASHING) {
          LOG.warn("the process before this one crashed: its own log says why");
          yield State.CRASHED;
        }
        if (line.state() == State.STOPPING) {
          yield State.IN_ORDER;
        }
        if (now.hasNewMemoryKill(line.seen())) {
          LOG.warn(
              "the process before this one was killed for its memory, as {} says",
              line.traces().memoryEvents());
          yield State.CRASHED;
        }
        LOG.warn(
            "the process before this one ended without a trace: it was killed, or its machine went"
                + " away (looked at {})",
            line.traces().names());
        yield State.UNEXPLAINED;
      }
    };
  }

  /**
   * Reads how earlier processes ended, and writes down that this one runs. To be called once the
   * state directory is this process's: that of one that runs says nothing of its end.
   */
  public synchronized void begin() {
    read();
    lines.replaceAll((_, line) -> line.with(judge(line)));
    lines.put(process, new Line(State.RUNS, traces.look(), traces));
    while (lines.size() > KEPT) {
      lines.remove(lines.keySet().iterator().next());
    }
    write();
  }

  /** This process was told to stop: what kills it from here on is impatience. */
  public synchronized void stopping() {
    Line line = lines.get(process);
    if (line != null && line.state() == State.RUNS) {
      boolean _ = become(State.STOPPING);
    }
  }

  @Override
  public synchronized void crashing(String how) {
    if (become(State.CRASHING)) {
      LOG.error("if this process ends of it, it has crashed: {}", how);
    }
  }

  /**
   * This process is about to end.
   *
   * @param fault whether because of a fault: then what {@link #crashing} said holds
   */
  public synchronized void ended(boolean fault) {
    Line line = lines.get(process);
    boolean crashed = fault && line != null && line.state() == State.CRASHING;
    boolean _ = become(crashed ? State.CRASHED : State.IN_ORDER);
  }

  /** False if it is that already, or has not begun. */
  private boolean become(State state) {
    Line line = lines.get(process);
    if (line == null || line.state() == state) {
      return false;
    }
    lines.put(process, line.with(state));
    write();
    return true;
  }

  @Override
  public long process() {
    return process;
  }

  @Override
  public synchronized ProcessEnd of(long other) {
    Line line = lines.get(other);
    if (line == null) {
      return ProcessEnd.UNKNOWN;
    }
    return switch (line.state()) {
      case CRASHED -> ProcessEnd.CRASHED;
      case UNEXPLAINED -> ProcessEnd.UNEXPLAINED;
      // A process that has not ended has given the document away.
      case IN_ORDER, RUNS, STOPPING, CRASHING -> ProcessEnd.IN_ORDER;
    };
  }

  /** Whole or not at all: beside the file, and then in its place. */
  private void write() {
    List<String> texts = new ArrayList<>();
    texts.add(HEADER);
    lines.forEach((number, line) -> texts.add(text(number, line)));
    Path beside = file.resolveSibling(file.getFileName() + ".new");
    try {
      Path directory = file.getParent();
      if (directory != null) {
        Files.createDirectories(directory);
      }
      Files.write(beside, texts, StandardCharsets.UTF_8);
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      failed = false;
    } catch (IOException e) {
      if (!failed) {
        LOG.warn(
            "cannot write how this process ends, to {}: {}; the next one does not know it",
            file,
            e.toString());
      }
      failed = true;
    }
  }

  private static String text(long number, Line line) {
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%016x\t%s\t%d\t%d\t%s",
                number,
                line.state(),
                line.seen().memoryKills(),
                line.seen().newestErrorFileMillis(),
                writable(line.traces().memoryEvents())));
    for (Path path : line.traces().errorFiles()) {
      text.append('\t').append(writable(path));
    }
    return text.toString();
  }

  /** A name that would break the line names nothing. */
  private static String writable(Path path) {
    String name = path.toString();
    return name.chars().anyMatch(Character::isISOControl) ? "" : name;
  }
}

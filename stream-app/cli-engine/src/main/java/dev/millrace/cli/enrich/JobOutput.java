package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The result file of a long job. It appears under its name when it is complete; until then the
 * results are in {@code NAME.partial}, with {@code NAME.partial.json} saying up to where, so that
 * another run can go on, however this one ends. Thread-safe because every method locks: a shutdown
 * hook may close while another thread writes.
 */
final class JobOutput implements AutoCloseable {
  private static final long POINT_EVERY_NANOS = Duration.ofSeconds(1).toNanos();

  private final Path target;
  private final Path partial;
  private final Path pointFile;
  private final boolean resume;
  private final LongSupplier nanoClock;
  private final FileChannel channel;
  private final OutputStream out;
  private ResumePoint point = ResumePoint.start("", Map.of());
  private long nextPoint;
  private boolean begun;
  private boolean closed;

  private JobOutput(
      Path target, Path partial, boolean resume, LongSupplier nanoClock, FileChannel channel) {
    this.target = target;
    this.partial = partial;
    this.pointFile = partial.resolveSibling(partial.getFileName() + ".json");
    this.resume = resume;
    this.nanoClock = nanoClock;
    this.channel = channel;
    this.out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
  }

  /**
   * Takes the files, without changing any.
   *
   * @param force replaces results that are there
   * @param resume goes on where an earlier run ended
   * @throws CommandException if results are there that would be lost; says what to do
   */
  static JobOutput open(Path file, boolean force, boolean resume, LongSupplier nanoClock)
      throws IOException {
    // What a link points to is replaced, not the link.
    Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
    Path partial = target.resolveSibling(target.getFileName() + ".partial");
    if (Files.exists(target) && !force) {
      throw CommandException.usage(
          "the output %s is there already: name another, or replace it with --force"
              .formatted(file));
    }
    boolean left = Files.exists(partial) && Files.size(partial) > 0;
    if (left && !force && !resume) {
      throw CommandException.usage(
          "an interrupted run has left %s: go on with --resume, or begin anew with --force"
              .formatted(partial));
    }
    if (!left && resume) {
      throw CommandException.usage(
          "there is nothing to resume: no file %s; leave --resume out".formatted(partial));
    }
    FileChannel channel =
        FileChannel.open(partial, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() == null) {
        throw new OverlappingFileLockException();
      }
    } catch (OverlappingFileLockException e) {
      channel.close();
      throw CommandException.failure(
          "another run writes %s: wait for its end, or name another output".formatted(partial), e);
    }
    return new JobOutput(target, partial, resume, nanoClock, channel);
  }

  /**
   * Begins, or goes on, with the results of these models and this plan.
   *
   * @return up to where results are there already
   * @throws CommandException if the earlier run had another plan or model
   */
  synchronized ResumePoint begin(ResumePoint start) throws IOException {
    if (!resume) {
      channel.truncate(0);
      Files.deleteIfExists(pointFile);
      point = start;
    } else {
      ResumePoint found =
          ResumePoint.read(pointFile)
              .orElseThrow(() ->
                  CommandException.failure(
                      "cannot resume: %s is missing or damaged; begin anew with --force"
                          .formatted(pointFile)));
      requireSame("plan", start.plan(), found.plan());
      requireSame("model", start.models().toString(), found.models().toString());
      if (channel.size() < found.bytes()) {
        throw CommandException.failure(
            "cannot resume: %s has lost its end; begin anew with --force".formatted(partial));
      }
      // Results behind the point are computed again.
      channel.truncate(found.bytes());
      channel.position(found.bytes());
      point = found;
    }
    begun = true;
    nextPoint = nanoClock.getAsLong();
    return point;
  }

  private static void requireSame(String what, String now, String then) {
    if (!now.equals(then)) {
      throw CommandException.failure(
          ("cannot resume: the interrupted run had another %s (%s, now %s); use the same, or begin"
                  + " anew with --force")
              .formatted(what, then, now));
    }
  }

  /**
   * Adds the result of the next line of the input.
   *
   * @param chain of the input up to that line
   */
  synchronized void line(String line, String chain) throws IOException {
    if (closed) {
      throw new IOException("the output is closed");
    }
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
    out.write(bytes);
    point = point.at(point.lines() + 1, point.bytes() + bytes.length, chain);
    if (nanoClock.getAsLong() - nextPoint >= 0) {
      keep();
      nextPoint = nanoClock.getAsLong() + POINT_EVERY_NANOS;
    }
  }

  private void keep() throws IOException {
    out.flush();
    point.write(pointFile);
  }

  /** Makes the results visible under their name. */
  synchronized void commit() throws IOException {
    if (closed) {
      throw new IOException("the output is closed");
    }
    closed = true;
    out.flush();
    channel.close();
    Files.move(
        partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    Files.deleteIfExists(pointFile);
  }

  /** What is left for a later run; empty if nothing, or all is done. */
  synchronized String left() {
    return Files.exists(partial) && point.lines() > 0
        ? String.format(
            Locale.ROOT,
            "the results of %d lines are in %s: go on with --resume",
            point.lines(),
            partial)
        : "";
  }

  /** Keeps what is there for a later run; leaves no trace if that is nothing. */
  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      if (begun && point.lines() > 0) {
        keep();
      }
    } finally {
      channel.close();
    }
    if (!resume && point.lines() == 0 && (begun || Files.size(partial) == 0)) {
      Files.deleteIfExists(partial);
      Files.deleteIfExists(pointFile);
    }
  }
}

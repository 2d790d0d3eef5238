package dev.millrace.servers;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** The end of a log file, for an error message. Immutable. */
final class LogTail {

  private static final int BYTES_MAX = 8192;

  private LogTail() {}

  /**
   * The last {@code linesMax} lines, indented, out of the last 8 KiB; says so if there are none.
   */
  static String of(Path log, int linesMax) {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      long start = Math.max(0, file.length() - BYTES_MAX);
      byte[] bytes = new byte[Math.toIntExact(file.length() - start)];
      file.seek(start);
      file.readFully(bytes);
      List<String> lines =
          new String(bytes, StandardCharsets.UTF_8).lines().filter(l -> !l.isBlank()).toList();
      if (lines.isEmpty()) {
        return "its log is empty: " + log;
      }
      return lines.subList(Math.max(0, lines.size() - linesMax), lines.size()).stream()
          .map(line -> "  | " + line)
          .collect(
              Collectors.joining(
                  System.lineSeparator(),
                  "end of its log " + log + ":" + System.lineSeparator(),
                  ""));
    } catch (IOException e) {
      return "its log " + log + " cannot be read: " + e.getMessage();
    }
  }
}

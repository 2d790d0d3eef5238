package dev.millrace.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whose a private directory is, as told by its name.
 *
 * @param namespace the process-id namespace the id means something in; 0 where there is no such
 *     thing
 * @param pid the owner's process id
 * @param startMillis when the owner started: ids are reused
 */
record OwnerName(long namespace, long pid, long startMillis) {

  /** How far two readings of one process's start may lie apart (the system clock is adjusted). */
  private static final long START_TOLERANCE_MILLIS = 5_000;

  private static final Pattern NAME =
      Pattern.compile("millrace-servers-(\\d{1,18})-(\\d{1,18})-(\\d{1,18})-.+");

  static OwnerName ofThisProcess() {
    ProcessHandle self = ProcessHandle.current();
    return new OwnerName(namespaceOfThisProcess(), self.pid(), startMillis(self));
  }

  static Optional<OwnerName> parse(String name) {
    Matcher matcher = NAME.matcher(name);
    return matcher.matches()
        ? Optional.of(
            new OwnerName(
                Long.parseLong(matcher.group(1)),
                Long.parseLong(matcher.group(2)),
                Long.parseLong(matcher.group(3))))
        : Optional.empty();
  }

  /** What the names of this owner's directories begin with. */
  String prefix() {
    return "millrace-servers-" + namespace + "-" + pid + "-" + startMillis + "-";
  }

  /**
   * Whether the owner has certainly ended. An owner in another namespace cannot be seen from here.
   */
  boolean isGone() {
    return namespace == namespaceOfThisProcess()
        && ProcessHandle.of(pid)
            .filter(ProcessHandle::isAlive)
            .filter(p -> Math.abs(startMillis(p) - startMillis) <= START_TOLERANCE_MILLIS)
            .isEmpty();
  }

  private static long startMillis(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  private static long namespaceOfThisProcess() {
    try {
      String link = Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString();
      String digits = link.replaceAll("\\D", "");
      return digits.isEmpty() ? 0 : Long.parseLong(digits);
    } catch (IOException | UnsupportedOperationException e) {
      return 0;
    }
  }
}

package dev.millrace.streams.ends;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a crash of this process would leave behind outside of it: the virtual machine's fatal error
 * file, and the count of the kernel's memory kills in this process's control group. Immutable.
 *
 * @param errorFiles where the virtual machine would write a fatal error file, absolute
 * @param memoryEvents file that counts memory kills, absolute; may not exist
 */
public record CrashTraces(List<Path> errorFiles, Path memoryEvents) {
  private static final String ERROR_FILE_OPTION = "-XX:ErrorFile=";

  /** In memory.events of version 2 and memory.oom_control of version 1. */
  private static final String KILLS = "oom_kill ";

  /** What was there at a moment. */
  record Seen(long newestErrorFileMillis, long memoryKills) {

    /** Since an earlier moment, there is a new file. */
    boolean hasNewErrorFile(Seen before) {
      return newestErrorFileMillis > before.newestErrorFileMillis;
    }

    /** Since an earlier moment, the kernel has killed. A new control group begins at 0. */
    boolean hasNewMemoryKill(Seen before) {
      return before.memoryKills >= 0 && memoryKills > before.memoryKills;
    }
  }

  /** Copies the list. */
  public CrashTraces {
    errorFiles = List.copyOf(errorFiles);
  }

  /** Those of the running process. */
  public static CrashTraces ofThisProcess() {
    return new CrashTraces(
        errorFiles(
            ManagementFactory.getRuntimeMXBean().getInputArguments(),
            ProcessHandle.current().pid(),
            Path.of("").toAbsolutePath()),
        memoryEvents(Path.of("/proc/self/cgroup"), Path.of("/sys/fs/cgroup")));
  }

  /**
   * Where HotSpot looks for a place, in its order: the option, the working directory, /tmp.
   *
   * @param options of the virtual machine
   * @param directory in which it was started
   */
  static List<Path> errorFiles(List<String> options, long pid, Path directory) {
    String number = Long.toString(pid);
    List<Path> files = new ArrayList<>();
    for (String option : options) {
      if (option.startsWith(ERROR_FILE_OPTION)) {
        String name = option.substring(ERROR_FILE_OPTION.length());
        files.add(directory.resolve(name.replace("%p", number).replace("%%", "%")));
      }
    }
    String name = "hs_err_pid" + number + ".log";
    files.add(directory.resolve(name));
    files.add(Path.of("/tmp", name));
    return files;
  }

  /**
   * The file of this process's own control group.
   *
   * @param groups {@code /proc/self/cgroup}: lines of number, controllers and path
   * @param root where the groups are mounted
   */
  static Path memoryEvents(Path groups, Path root) {
    List<String> lines;
    try {
      lines = Files.readAllLines(groups);
    } catch (IOException e) {
      // Not Linux, or not to be read: nothing is counted.
      lines = List.of();
    }
    for (String line : lines) {
      String[] parts = line.split(":", 3);
      if (parts.length == 3 && List.of(parts[1].split(",")).contains("memory")) {
        return below(root.resolve("memory"), parts[2], "memory.oom_control");
      }
    }
    for (String line : lines) {
      if (line.startsWith("0::")) {
        return below(root, line.substring("0::".length()), "memory.events");
      }
    }
    return root.resolve("memory.events");
  }

  /** In a container, the path may be the host's: then the group is mounted as the root. */
  private static Path below(Path root, String path, String name) {
    Path relative = Path.of("/").relativize(Path.of("/").resolve(path).normalize());
    Path own = root.resolve(relative).resolve(name);
    return Files.exists(own) ? own : root.resolve(name);
  }

  /** What is there now. */
  Seen look() {
    long newest = errorFiles.stream().mapToLong(CrashTraces::modifiedMillis).max().orElse(0);
    return new Seen(newest, memoryKills());
  }

  private static long modifiedMillis(Path file) {
    try {
      return Files.getLastModifiedTime(file).toMillis();
    } catch (IOException e) {
      // No such file: the usual case.
      return 0;
    }
  }

  private long memoryKills() {
    try {
      for (String line : Files.readAllLines(memoryEvents)) {
        if (line.startsWith(KILLS)) {
          return Long.parseLong(line.substring(KILLS.length()).strip());
        }
      }
    } catch (IOException | NumberFormatException e) {
      // Nothing that can be counted.
      return -1;
    }
    return -1;
  }

  /** For the log. */
  String names() {
    return String.format(Locale.ROOT, "%s, %s", errorFiles, memoryEvents);
  }
}

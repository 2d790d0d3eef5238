package dev.millrace.cli.stream;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leaves the classes of this process behind as the JVM wants them, so that the next start maps them
 * instead of reading jars: after a kill, half of the time until the next outcome goes there.
 *
 * <p>Another process writes them, at the lowest priority, while the application works: one that is
 * killed writes nothing at its end, and one that is stopped must not be held up. (A JVM can also
 * dump the classes of its own life; JDK 25.0.3 crashes some time after.) Once for an installation.
 */
final class ClassArchive {
  /** Where the launcher wants the classes; absent if it has them, or nobody wants them. */
  private static final String ARCHIVE_PROPERTY = "millrace.classes.archive";

  /** How the launcher tells the JVM to list the classes that it loads. */
  private static final String LIST_OPTION = "-XX:DumpLoadedClassList=";

  /** From the first moment that the application runs. By then it has met most of its classes. */
  private static final Duration SETTLED = Duration.ofSeconds(5);

  private static final Duration LOOK = Duration.ofMillis(250);
  private static final int WRITING_MINUTES_MAX = 5;
  private static final String HEAP = "-Xmx256m";
  private static final Logger LOG = LoggerFactory.getLogger(ClassArchive.class);

  private ClassArchive() {}

  /**
   * Begins to wait for the moment, if the launcher asked for it.
   *
   * @param running whether the application works
   */
  static void writeLater(BooleanSupplier running) {
    String file = System.getProperty(ARCHIVE_PROPERTY);
    List<String> options = ManagementFactory.getRuntimeMXBean().getInputArguments();
    options.stream()
        .filter(option -> file != null && option.startsWith(LIST_OPTION))
        .map(option -> Path.of(option.substring(LIST_OPTION.length())))
        .findFirst()
        .ifPresent(list ->
            Thread.ofVirtual()
                .name("class-archive")
                .start(() -> {
                  try {
                    while (!running.getAsBoolean()) {
                      Thread.sleep(LOOK);
                    }
                    Thread.sleep(SETTLED);
                    write(list, Path.of(file), options);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
  }

  /** Writes, and says in a line what failed: the next start is slower, no more. */
  private static void write(Path list, Path archive, List<String> options)
      throws InterruptedException {
    long pid = ProcessHandle.current().pid();
    Path part = archive.resolveSibling(archive.getFileName() + "." + pid);
    Path known = list.resolveSibling(list.getFileName() + ".known");
    try {
      copyLines(list, known);
      Process writer =
          new ProcessBuilder(command(known, part, options))
              .redirectErrorStream(true)
              .redirectOutput(Redirect.DISCARD)
              .start();
      Thread stop = new Thread(writer::destroyForcibly, "stop class-archive");
      Runtime.getRuntime().addShutdownHook(stop);
      boolean ended = writer.waitFor(WRITING_MINUTES_MAX, TimeUnit.MINUTES);
      if (!ended || writer.exitValue() != 0) {
        writer.destroyForcibly();
        throw new IOException("the JVM that writes them " + (ended ? "failed" : "takes too long"));
      }
      Files.move(part, archive, StandardCopyOption.ATOMIC_MOVE);
      LOG.info("the next start maps its classes from {}", archive);
      Runtime.getRuntime().removeShutdownHook(stop);
      delete(list);
    } catch (IOException | IllegalStateException e) {
      LOG.info("the next start reads its classes from jars: no {}: {}", archive, e.toString());
    } finally {
      delete(known);
      delete(part);
    }
  }

  /** The list is being written: its last line may be half of one. */
  private static void copyLines(Path list, Path copy) throws IOException {
    String text = Files.readString(list);
    Files.writeString(copy, text.substring(0, text.lastIndexOf('\n') + 1));
  }

  private static List<String> command(Path list, Path archive, List<String> options) {
    List<String> command = new ArrayList<>(List.of("nice", "-n", "19"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    options.stream().filter(ClassArchive::countsForClasses).forEach(command::add);
    command.addAll(
        List.of(
            HEAP,
            "-Xshare:dump",
            "-XX:SharedClassListFile=" + list,
            "-XX:SharedArchiveFile=" + archive,
            "-cp",
            System.getProperty("java.class.path")));
    return command;
  }

  private static boolean countsForClasses(String option) {
    return option.startsWith("--") || option.matches("-XX:[+-]?Use.*");
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.info("{} stays: {}", file, e.toString());
    }
  }
}

package dev.millrace.servers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Private directories whose owner ended without deleting them.
 *
 * @param parent where they lie
 */
record StaleDirectories(Path parent) {

  static final String PID_SUFFIX = ".pid";

  private static final Logger LOG = LoggerFactory.getLogger(StaleDirectories.class);

  /** Ends the servers that still run from such directories and deletes these. Never throws. */
  void sweep() {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(parent, "millrace-servers-*")) {
      for (Path entry : entries) {
        if (isStale(entry)) {
          remove(entry);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.debug("cannot look for stale directories under {}", parent, e);
    }
  }

  private static boolean isStale(Path entry) throws IOException {
    Optional<OwnerName> owner = OwnerName.parse(String.valueOf(entry.getFileName()));
    return owner.isPresent()
        && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)
        && Files.isWritable(entry)
        && owner.get().isGone();
  }

  private static void remove(Path directory) {
    try {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + PID_SUFFIX)) {
        for (Path file : files) {
          endServer(file, directory);
        }
      }
      FileTree.delete(directory);
      LOG.info("deleted {}: its owner ended without doing so", directory);
    } catch (IOException | UncheckedIOException e) {
      LOG.debug("cannot delete stale {}", directory, e);
    }
  }

  private static void endServer(Path pidFile, Path directory) throws IOException {
    String text = Files.readString(pidFile).strip();
    if (!text.matches("\\d{1,18}")) {
      return;
    }
    Optional<ProcessHandle> server =
        ProcessHandle.of(Long.parseLong(text)).filter(p -> runsFrom(p, directory));
    if (server.isPresent()) {
      server.get().destroyForcibly();
      try {
        server.get().onExit().get(5, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException | TimeoutException e) {
        LOG.debug("cannot see the end of process {}", text, e);
      }
    }
  }

  /** Whether the process's command line names the directory: process ids are reused. */
  static boolean runsFrom(ProcessHandle process, Path directory) {
    return process.info().commandLine().filter(l -> l.contains(directory.toString())).isPresent();
  }
}

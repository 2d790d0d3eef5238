package dev.millrace.release;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipParameters;

/** Packs a directory so that the same files give the same bytes. Stateless. */
final class TarGz {

  private TarGz() {}

  /**
   * Packs a directory under its own name: sorted, owned by root, of one time. Links stay links.
   *
   * @param directory what to pack
   * @param time of each entry
   * @param target the file to write
   */
  static void pack(Path directory, Instant time, Path target) throws IOException {
    GzipParameters plain = new GzipParameters();
    plain.setOperatingSystem(255);
    plain.setCompressionLevel(6);
    try (var out = new BufferedOutputStream(Files.newOutputStream(target));
        var gzip = new GzipCompressorOutputStream(out, plain);
        var tar = new TarArchiveOutputStream(gzip, "UTF-8")) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      for (Path file : files(directory)) {
        add(tar, directory, file, time);
      }
    }
  }

  /** All below a directory, itself first, in the order of their names on every machine. */
  static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.sorted(Comparator.comparing(path -> name(directory, path))).toList();
    }
  }

  private static String name(Path directory, Path file) {
    String top = "" + directory.getFileName();
    return file.equals(directory) ? top : top + "/" + directory.relativize(file);
  }

  private static void add(TarArchiveOutputStream tar, Path directory, Path file, Instant time)
      throws IOException {
    String name = name(directory, file);
    TarArchiveEntry entry;
    if (Files.isSymbolicLink(file)) {
      entry = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
      entry.setMode(0120777);
      entry.setLinkName(Files.readSymbolicLink(file).toString());
    } else if (Files.isDirectory(file)) {
      entry = new TarArchiveEntry(name + "/");
      entry.setMode(TarArchiveEntry.DEFAULT_DIR_MODE);
    } else {
      entry = new TarArchiveEntry(name);
      entry.setMode(Files.isExecutable(file) ? 0100755 : 0100644);
      entry.setSize(Files.size(file));
    }
    entry.setModTime(time.toEpochMilli());
    entry.setIds(0, 0);
    entry.setNames("root", "root");
    tar.putArchiveEntry(entry);
    if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      Files.copy(file, tar);
    }
    tar.closeArchiveEntry();
  }
}

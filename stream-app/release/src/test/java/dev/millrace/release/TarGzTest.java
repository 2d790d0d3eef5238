package dev.millrace.release;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TarGzTest {
  private static final Instant TIME = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir private Path directory;

  private Path tree(String place, List<String> names) throws IOException {
    Path top = Files.createDirectories(directory.resolve(place).resolve("top"));
    for (String name : names) {
      Path file = top.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "text of " + name);
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(names.size())));
    }
    assertThat(top.resolve("b/run").toFile().setExecutable(true)).isTrue();
    Files.createSymbolicLink(top.resolve("link"), Path.of("b/run"));
    return top;
  }

  @Test
  void shouldWriteTheSameBytesForTheSameFiles() throws IOException {
    Path one = tree("one", List.of("b/run", "a", "b-c"));
    Path other = tree("other", List.of("b-c", "b/run", "a"));

    TarGz.pack(one, TIME, directory.resolve("one.tar.gz"));
    TarGz.pack(other, TIME, directory.resolve("other.tar.gz"));

    assertThat(directory.resolve("one.tar.gz"))
        .hasSameBinaryContentAs(directory.resolve("other.tar.gz"));
    List<String> entries = new ArrayList<>();
    try (var tar =
        new TarArchiveInputStream(
            new GZIPInputStream(Files.newInputStream(directory.resolve("one.tar.gz"))))) {
      for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        entries.add(
            entry.getName()
                + " "
                + Integer.toOctalString(entry.getMode() & 0777)
                + " "
                + entry.getLinkName());
        assertThat(entry.getLastModifiedTime().toInstant()).isEqualTo(TIME);
        assertThat(entry.getLongUserId()).isZero();
      }
    }
    assertThat(entries)
        .containsExactly(
            "top/ 755 ",
            "top/a 644 ",
            "top/b/ 755 ",
            "top/b-c 644 ",
            "top/b/run 755 ",
            "top/link 777 b/run");
  }
}

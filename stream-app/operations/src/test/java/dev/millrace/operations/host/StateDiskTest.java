package dev.millrace.operations.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.operations.OperationException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateDiskTest {
  @TempDir private Path directory;

  private long usable = 1L << 30;
  private @Nullable IOException fault;
  private final StateDisk disk =
      new StateDisk(
          Path.of("/var/lib/state"),
          "app.state.dir",
          new StateDisk.Access() {
            @Override
            public long usable(Path directory) {
              return usable;
            }

            @Override
            public void write(Path directory) throws IOException {
              if (fault != null) {
                throw fault;
              }
            }
          });

  private String refused() {
    assertThatThrownBy(disk::check)
        .isInstanceOf(OperationException.class)
        .hasMessageContaining("app.state.dir = /var/lib/state");
    return disk.problem();
  }

  @Test
  void shouldSayHowMuchIsLeftUntilThereIsRoom() {
    usable = 3 << 20;
    assertThat(refused()).contains("3072 KiB left", "at least 16384");

    usable = 1L << 30;
    disk.check();
    assertThat(disk.problem()).isEmpty();
  }

  @Test
  void shouldSayWhyNothingCanBeWritten() {
    fault = new FileSystemException("/var/lib/state/x", null, "Read-only file system");
    assertThat(refused()).contains("cannot be written to: Read-only file system;");

    fault = new IOException("No space left on device");
    assertThat(refused()).contains("cannot be written to: No space left on device;");
  }

  @Test
  void shouldMakeTheDirectoryAndLeaveNothingInIt() throws IOException {
    Path state = directory.resolve("a/b");
    new StateDisk(state, "app.state.dir").check();

    try (var files = Files.list(state)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void shouldRefuseAPathThatIsAFile() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));

    assertThatThrownBy(() -> new StateDisk(file, "app.state.dir").check())
        .hasMessageContaining("app.state.dir = " + file)
        .hasMessageContaining("cannot be written to");
  }
}

package dev.millrace.streams.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFilesTest {
  @TempDir private Path directory;

  @Test
  void shouldDropOnlyWhatWasNotClosed() throws IOException {
    Path closed = store("0_0");
    new Seal(closed).put();
    Path killed = store("0_1");
    Path other = store("not-a-task");
    Files.createFile(directory.resolve("kafka-streams-process-metadata"));

    StateFiles.dropUnclosed(directory);

    assertThat(closed.resolve("CURRENT")).exists();
    assertThat(killed.getParent().getParent()).doesNotExist();
    assertThat(other.resolve("CURRENT")).exists();
    assertThat(directory.resolve("kafka-streams-process-metadata")).exists();
  }

  @Test
  void shouldTakeADirectoryThatIsNotThereForAFirstStart() {
    StateFiles.dropUnclosed(directory.resolve("none"));

    assertThat(directory).isEmptyDirectory();
  }

  private Path store(String task) throws IOException {
    Path store = Files.createDirectories(directory.resolve(task).resolve("rocksdb/pending"));
    Files.writeString(store.resolve("CURRENT"), "MANIFEST-000005\n");
    return store;
  }
}

package dev.millrace.streams.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.TaskCorruptedException;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bytes of a store are changed while nobody has it open. */
class CheckedStoreTest {
  private static final String STORE = "pending";
  private static final int ENTRIES = 400;
  private static final long SEED = Long.getLong("millrace.seed", System.nanoTime() % 1_000_000);

  /** What is left by RocksDB for people, or made anew at each opening. */
  private static final Set<String> UNREAD = Set.of("LOG", "LOCK", "IDENTITY");

  @TempDir private Path directory;

  @Test
  void shouldOpenWhatIsWhole() throws IOException {
    fill();

    assertThat(open()).isEqualTo(ENTRIES);
    assertThat(open()).as("once more").isEqualTo(ENTRIES);
  }

  @Test
  void shouldAskForARestoreOfWhatWasNotClosed() throws IOException {
    fill();
    KeyValueStore<Bytes, byte[]> killed = store();
    Throwable fault = catchThrowable(this::store);
    killed.close();

    assertThat(fault)
        .isInstanceOf(TaskCorruptedException.class)
        .hasRootCauseMessage("it was not closed in good order");
  }

  @Test
  void shouldAskForARestoreWhereAnyFileIsDamaged() throws IOException {
    Random random = new Random(SEED);
    fill();
    List<Path> files = files();
    assertThat(files).anyMatch(file -> file.toString().endsWith(".sst"));
    for (Path file : files) {
      byte[] whole = Files.readAllBytes(file);
      for (int round = 0; round < 20 && whole.length > 0; round++) {
        byte[] bytes = whole.clone();
        int at = random.nextInt(bytes.length);
        bytes[at] ^= (byte) (1 + random.nextInt(255));
        Files.write(file, bytes);
        String what =
            String.format(Locale.ROOT, "seed %d: byte %d of %s", SEED, at, file.getFileName());

        Throwable fault = catchThrowable(() -> assertThat(open()).as(what).isEqualTo(ENTRIES));

        if (fault != null) {
          assertThat(fault).as(what).isInstanceOf(TaskCorruptedException.class);
        }
        restore();
      }
    }
  }

  @Test
  void shouldAskForARestoreWhereAFileIsGoneOrCut() throws IOException {
    fill();
    for (Path file : files()) {
      if (file.getFileName().toString().startsWith("OPTIONS")) {
        continue;
      }
      byte[] whole = Files.readAllBytes(file);
      if (whole.length == 0) {
        continue;
      }
      Files.delete(file);
      assertThat(catchThrowable(this::open))
          .as("without %s", file.getFileName())
          .isInstanceOf(TaskCorruptedException.class);
      restore();
      Files.write(file, Arrays.copyOf(whole, whole.length / 2));
      assertThat(catchThrowable(this::open))
          .as("half of %s", file.getFileName())
          .isInstanceOf(TaskCorruptedException.class);
      restore();
    }
  }

  private byte[][] kept = {};
  private List<Path> keptFiles = List.of();

  /** Puts everything as it was before the driver closed: it deletes what it leaves. */
  private void restore() throws IOException {
    for (Path file : allFiles()) {
      Files.delete(file);
    }
    for (int i = 0; i < keptFiles.size(); i++) {
      Files.createDirectories(keptFiles.get(i).getParent());
      Files.write(keptFiles.get(i), kept[i]);
    }
  }

  private void fill() throws IOException {
    KeyValueStore<Bytes, byte[]> store = store();
    for (int i = 0; i < ENTRIES; i++) {
      store.put(
          Bytes.wrap(("key" + i).getBytes(StandardCharsets.UTF_8)),
          ("text ".repeat(50) + i).getBytes(StandardCharsets.UTF_8));
    }
    store.close();
    keptFiles = allFiles();
    kept = new byte[keptFiles.size()][];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = Files.readAllBytes(keptFiles.get(i));
    }
  }

  /** Opens the store and counts what is in it. */
  private int open() {
    KeyValueStore<Bytes, byte[]> store = store();
    try (KeyValueIterator<Bytes, byte[]> all = store.all()) {
      int count = 0;
      while (all.hasNext()) {
        assertThat(new String(all.next().value, StandardCharsets.UTF_8)).startsWith("text text");
        count++;
      }
      return count;
    } finally {
      store.close();
    }
  }

  private List<Path> files() throws IOException {
    return allFiles().stream()
        .filter(file -> !UNREAD.contains(file.getFileName().toString()))
        .toList();
  }

  private List<Path> allFiles() throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> file.toString().contains("rocksdb"))
          .sorted()
          .toList();
    }
  }

  private KeyValueStore<Bytes, byte[]> store() {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "checked");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
    MockProcessorContext<Void, Void> context =
        new MockProcessorContext<>(properties, new TaskId(0, 0), directory.toFile());
    KeyValueStore<Bytes, byte[]> store = new CheckedStoreSupplier(STORE).get();
    store.init(context.getStateStoreContext(), store);
    return store;
  }
}

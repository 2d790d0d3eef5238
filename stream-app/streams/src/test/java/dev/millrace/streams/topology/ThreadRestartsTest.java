package dev.millrace.streams.topology;

import static org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.REPLACE_THREAD;
import static org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.operations.OperationException;
import dev.millrace.records.UnwritableException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.junit.jupiter.api.Test;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

class ThreadRestartsTest {
  private final AtomicLong nanos = new AtomicLong();
  private final AtomicInteger asked = new AtomicInteger();
  private boolean changed;
  private final AtomicInteger waited = new AtomicInteger();
  private boolean well = true;
  private final List<String> broken = new ArrayList<>();
  private final ThreadRestarts restarts =
      new ThreadRestarts(
          2,
          Duration.ofMinutes(1),
          nanos::get,
          new ThreadRestarts.World() {
            @Override
            public boolean refused() {
              asked.incrementAndGet();
              return changed;
            }

            @Override
            public boolean diskIsWell() {
              return well;
            }

            @Override
            public String awaitDisk() {
              waited.incrementAndGet();
              return "";
            }

            @Override
            public void broken(String why) {
              broken.add(why);
            }
          });

  @Test
  void shouldReplaceAThreadUntilItDiesTooOften() {
    RuntimeException fault = new IllegalStateException("bug");

    assertThat(restarts.handle(fault)).isEqualTo(REPLACE_THREAD);
    assertThat(restarts.handle(fault)).isEqualTo(REPLACE_THREAD);
    assertThat(restarts.handle(fault)).isEqualTo(SHUTDOWN_CLIENT);
    nanos.addAndGet(Duration.ofSeconds(61).toNanos());
    assertThat(restarts.handle(fault)).isEqualTo(REPLACE_THREAD);
  }

  @Test
  void shouldAskAgainWhatTopicsTakeWhenOneRefusedATimestamp() {
    assertThat(restarts.handle(new IllegalStateException("bug"))).isEqualTo(REPLACE_THREAD);
    assertThat(asked).hasValue(0);

    RuntimeException refused = new RuntimeException(new InvalidTimestampException("out of range"));

    assertThat(restarts.handle(refused)).isEqualTo(REPLACE_THREAD);
    assertThat(asked).hasValue(1);
  }

  @Test
  void shouldNotCountDeathsForSettingsThatHaveChanged() {
    RuntimeException refused = new RuntimeException(new RecordTooLargeException("too large"));
    changed = true;
    assertThat(restarts.handle(refused)).isEqualTo(REPLACE_THREAD);
    changed = false;
    for (int thread = 0; thread < 10; thread++) {
      assertThat(restarts.handle(refused)).as("another thread").isEqualTo(REPLACE_THREAD);
    }

    nanos.addAndGet(Duration.ofSeconds(11).toNanos());
    assertThat(restarts.handle(refused)).isEqualTo(REPLACE_THREAD);
    assertThat(restarts.handle(refused)).isEqualTo(REPLACE_THREAD);
    assertThat(restarts.handle(refused)).as("for no known reason").isEqualTo(SHUTDOWN_CLIENT);
  }

  @Test
  void shouldStopAtOnceWhenNotEvenADeadLetterCanBeWritten() {
    assertThat(restarts.handle(new RuntimeException(new UnwritableException("too small"))))
        .isEqualTo(SHUTDOWN_CLIENT);
  }

  @Test
  void shouldStopAtOnceWhenTheInputTopicIsGone() {
    assertThat(restarts.handle(new RuntimeException(new MissingSourceTopicException("gone"))))
        .isEqualTo(SHUTDOWN_CLIENT);
  }

  @Test
  void shouldWaitForAFullDiskAsOftenAsItTakes() {
    List<Throwable> faults =
        List.of(
            new RocksDBException(
                new Status(Status.Code.IOError, Status.SubCode.NoSpace, "While appending to file")),
            new RocksDBException("While open a file for appending: x: Read-only file system"),
            new IOException("No space left on device"),
            new IOException("write failed: Disk quota exceeded"));
    for (int i = 0; i < 40; i++) {
      RuntimeException fault =
          new ProcessorStateException("cannot open store", faults.get(i % faults.size()));

      assertThat(restarts.handle(fault)).isEqualTo(REPLACE_THREAD);
      assertThat(waited).hasValue(i + 1);
    }
    assertThat(broken).isEmpty();
    assertThat(restarts.handle(new ProcessorStateException("No space left on device in a text")))
        .as("not the disk, as far as can be known")
        .isEqualTo(REPLACE_THREAD);
    assertThat(waited).hasValue(40);
    well = false;
    assertThat(restarts.handle(new ProcessorStateException("the directory cannot be created")))
        .isEqualTo(REPLACE_THREAD);
    assertThat(waited).as("not every fault names its cause").hasValue(41);
  }

  /** Such a thread leaves its stream task locked: its successors waited for ever. */
  @Test
  void shouldStopWhenNativeCodeCannotBeLoaded() {
    for (Throwable fault :
        List.of(
            new UnsatisfiedLinkError("failed to map segment from shared object"),
            new RuntimeException(new NoClassDefFoundError("Could not initialize class Zstd")))) {
      broken.clear();

      assertThat(restarts.handle(fault)).isEqualTo(SHUTDOWN_CLIENT);
      assertThat(broken).singleElement().asString().contains("java.io.tmpdir", "noexec");
    }
  }

  @Test
  void shouldSayWhereNativeCodeIsUnpacked() {
    assertThatThrownBy(() ->
            NativeLibraries.load(() -> {
              throw new UnsatisfiedLinkError("failed to map segment");
            }))
        .isInstanceOf(OperationException.class)
        .hasMessageContaining(System.getProperty("java.io.tmpdir"))
        .hasMessageContaining("failed to map segment")
        .hasMessageContaining("MILLRACE_JAVA_OPTS=-Djava.io.tmpdir=DIR");
    NativeLibraries.load();
  }
}

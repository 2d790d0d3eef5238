package dev.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MachineTest {

  private static final long GIB = 1L << 30;

  @TempDir private Path directory;

  private Path memory() throws IOException {
    return Files.writeString(
        directory.resolve("meminfo"),
        "MemTotal:       16777216 kB\nMemFree:  1024 kB\nMemAvailable:    8388608 kB\n");
  }

  private Path process() throws IOException {
    return Files.writeString(
        directory.resolve("status"),
        "Name:\tjava\nVmRSS:\t 9437184 kB\nRssAnon:\t 1048576 kB\nRssFile:\t 8388608 kB\n");
  }

  @Test
  void shouldTakeWhatTheSystemHasWhereNoContainerLimitsIt() throws IOException {
    assertThat(Machine.availableBytes(memory(), process(), 16 * GIB)).isEqualTo(8 * GIB);
  }

  @Test
  void shouldTakeWhatTheContainerLeavesWithoutCountingMappedFiles() throws IOException {
    assertThat(Machine.availableBytes(memory(), process(), 4 * GIB)).isEqualTo(3 * GIB);
    assertThat(Machine.availableBytes(memory(), process(), GIB / 2)).isZero();
  }

  @Test
  void shouldGuessCautiouslyWhereNobodySays() throws IOException {
    Path nowhere = directory.resolve("missing");
    assertThat(Machine.availableBytes(nowhere, process(), 16 * GIB)).isEqualTo(GIB);
    assertThat(Machine.availableBytes(memory(), nowhere, 16 * GIB)).isEqualTo(GIB);
  }
}

package dev.millrace.streams.ends;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessLogTest {
  private static final long FIRST = -2;
  private static final long SECOND = 77;

  @TempDir private Path directory;
  private Path file = Path.of("");
  private Path errorFile = Path.of("");
  private Path memoryEvents = Path.of("");

  @BeforeEach
  void names() throws IOException {
    file = directory.resolve("state").resolve("app.processes");
    errorFile = directory.resolve("hs_err_pid1.log");
    memoryEvents = directory.resolve("memory.events");
    Files.writeString(memoryEvents, "low 0\noom 4\noom_kill 3\n");
  }

  private ProcessLog open(long process) {
    return new ProcessLog(file, process, new CrashTraces(List.of(errorFile), memoryEvents));
  }

  private ProcessLog begun(long process) {
    ProcessLog log = open(process);
    log.begin();
    return log;
  }

  @Test
  void shouldKnowNothingOfProcessesThatRanElsewhere() {
    ProcessLog _ = begun(FIRST);

    assertThat(begun(SECOND).of(5)).isEqualTo(ProcessEnd.UNKNOWN);
  }

  @Test
  void shouldCallAnEndWithoutATraceUnexplained() {
    ProcessLog _ = begun(FIRST);

    assertThat(begun(SECOND).of(FIRST)).isEqualTo(ProcessEnd.UNEXPLAINED);
    assertThat(begun(3).of(FIRST)).as("once judged, it stays").isEqualTo(ProcessEnd.UNEXPLAINED);
  }

  @Test
  void shouldCallItACrashIfThereIsANewErrorFile() throws IOException {
    Files.writeString(errorFile, "of an earlier process with the same number");
    Files.setLastModifiedTime(errorFile, FileTime.fromMillis(1_000_000));
    ProcessLog _ = begun(FIRST);
    assertThat(begun(SECOND).of(FIRST)).as("the old file").isEqualTo(ProcessEnd.UNEXPLAINED);

    Files.delete(file);
    ProcessLog _ = begun(FIRST);
    Files.setLastModifiedTime(errorFile, FileTime.fromMillis(1_000_001));
    assertThat(begun(SECOND).of(FIRST)).isEqualTo(ProcessEnd.CRASHED);
    Files.delete(errorFile);
    assertThat(begun(SECOND).of(FIRST)).as("written down").isEqualTo(ProcessEnd.CRASHED);
  }

  @Test
  void shouldCallItACrashIfTheKernelKilledForMemory() throws IOException {
    ProcessLog _ = begun(FIRST);
    Files.writeString(memoryEvents, "oom_kill 4\n");

    assertThat(begun(SECOND).of(FIRST)).isEqualTo(ProcessEnd.CRASHED);
    Files.writeString(memoryEvents, "oom_kill 0\n");
    assertThat(begun(3).of(SECOND))
        .as("a new control group counts from the beginning")
        .isEqualTo(ProcessEnd.UNEXPLAINED);
    Files.delete(memoryEvents);
    ProcessLog _ = begun(4);
    Files.writeString(memoryEvents, "oom_kill 9\n");
    assertThat(begun(5).of(4))
        .as("nothing could be counted at the beginning")
        .isEqualTo(ProcessEnd.UNEXPLAINED);
  }

  @Test
  void shouldSayNothingAgainstDocumentsWhenTheProcessWasToldToStop() {
    begun(FIRST).stopping();
    assertThat(begun(SECOND).of(FIRST)).as("killed while stopping").isEqualTo(ProcessEnd.IN_ORDER);

    ProcessLog log = begun(3);
    log.stopping();
    log.ended(false);
    assertThat(begun(4).of(3)).isEqualTo(ProcessEnd.IN_ORDER);
  }

  @Test
  void shouldCallItACrashIfTheErrorFileIsThereAlthoughItWasStopping() throws IOException {
    begun(FIRST).stopping();
    Files.writeString(errorFile, "SIGSEGV");

    assertThat(begun(SECOND).of(FIRST)).isEqualTo(ProcessEnd.CRASHED);
  }

  @Test
  void shouldBelieveAProcessThatSaidItCrashes() {
    begun(FIRST).crashing("the engine is lost");
    assertThat(begun(SECOND).of(FIRST)).as("it just ended").isEqualTo(ProcessEnd.CRASHED);

    ProcessLog faulty = begun(3);
    faulty.crashing("the engine is lost");
    faulty.stopping();
    faulty.ended(true);
    assertThat(begun(4).of(3)).as("it ended of that").isEqualTo(ProcessEnd.CRASHED);

    ProcessLog mended = begun(5);
    mended.crashing("a stream thread dies");
    mended.ended(false);
    assertThat(begun(6).of(5)).as("it went on").isEqualTo(ProcessEnd.IN_ORDER);
  }

  @Test
  void shouldNotBlameDocumentsForAFaultThatNoneBroughtAbout() {
    ProcessLog log = begun(FIRST);
    log.stopping();
    log.ended(true);

    assertThat(begun(SECOND).of(FIRST)).isEqualTo(ProcessEnd.IN_ORDER);
  }

  @Test
  void shouldTakeDocumentsThatItHasAlreadyAsGivenAway() {
    assertThat(begun(FIRST).of(FIRST)).isEqualTo(ProcessEnd.IN_ORDER);
  }

  @Test
  void shouldForgetTheOldest() {
    for (long i = 1; i <= 40; i++) {
      ProcessLog _ = begun(i);
    }

    ProcessLog log = begun(41);
    assertThat(log.of(9)).isEqualTo(ProcessEnd.UNKNOWN);
    assertThat(log.of(10)).isEqualTo(ProcessEnd.UNEXPLAINED);
  }

  @Test
  void shouldGoOnWithoutAFileThatItCannotReadOrWrite() throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "something else\n");
    assertThat(begun(SECOND).of(FIRST)).isEqualTo(ProcessEnd.UNKNOWN);
    Files.writeString(
        file, "millrace processes 1\nnonsense\n0000000000000002\tCRASHED\t0\t0\t/m\n");
    assertThat(begun(SECOND).of(2)).isEqualTo(ProcessEnd.CRASHED);

    Files.delete(file);
    Files.createDirectory(file);
    Files.writeString(file.resolve("in the way"), "");
    ProcessLog log = begun(SECOND);
    log.stopping();
    assertThat(log.of(FIRST)).isEqualTo(ProcessEnd.UNKNOWN);
  }

  @Test
  void shouldLookForErrorFilesWhereTheVirtualMachineWritesThem() {
    Path here = Path.of("/var/lib/app");

    assertThat(CrashTraces.errorFiles(List.of("-Xmx8g"), 12, here))
        .containsExactly(here.resolve("hs_err_pid12.log"), Path.of("/tmp/hs_err_pid12.log"));
    assertThat(CrashTraces.errorFiles(List.of("-XX:ErrorFile=/state/e%p.log"), 12, here))
        .startsWith(Path.of("/state/e12.log"));
    assertThat(CrashTraces.errorFiles(List.of("-XX:ErrorFile=e.log"), 12, here))
        .startsWith(here.resolve("e.log"));
  }

  @Test
  void shouldFindTheCountOfItsOwnControlGroup() throws IOException {
    Path groups = directory.resolve("cgroup");
    Path root = directory.resolve("fs");
    Path own = root.resolve("system.slice/app.service");
    Files.createDirectories(own);
    Files.writeString(own.resolve("memory.events"), "oom_kill 0\n");
    Files.writeString(groups, "0::/system.slice/app.service\n");
    assertThat(CrashTraces.memoryEvents(groups, root)).isEqualTo(own.resolve("memory.events"));

    Files.writeString(groups, "0::/../../seen/from/elsewhere\n");
    assertThat(CrashTraces.memoryEvents(groups, root)).isEqualTo(root.resolve("memory.events"));

    Path first = root.resolve("memory/docker/abc");
    Files.createDirectories(first);
    Files.writeString(first.resolve("memory.oom_control"), "oom_kill_disable 0\noom_kill 2\n");
    Files.writeString(groups, "4:cpu,memory:/docker/abc\n0::/\n");
    Path counted = CrashTraces.memoryEvents(groups, root);
    assertThat(counted).isEqualTo(first.resolve("memory.oom_control"));
    assertThat(new CrashTraces(List.of(), counted).look().memoryKills()).isEqualTo(2);
    assertThat(CrashTraces.memoryEvents(directory.resolve("none"), root))
        .isEqualTo(root.resolve("memory.events"));
  }
}

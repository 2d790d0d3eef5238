package dev.millrace.cli.enrich;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobOutputTest {
  private static final ResumePoint START = ResumePoint.start("plan", Map.of("main", "ab"));

  @TempDir private Path directory;

  private long nanos;

  private JobOutput open(boolean force, boolean resume) throws IOException {
    return JobOutput.open(directory.resolve("out.jsonl"), force, resume, () -> nanos);
  }

  @Test
  void shouldAppearOnlyWhenCommitted() throws IOException {
    Path file = directory.resolve("out.jsonl");
    try (JobOutput output = open(false, false)) {
      output.begin(START);
      output.line("one", "c1");
      assertThat(file).doesNotExist();

      output.commit();
    }

    assertThat(file).hasContent("one\n");
    assertThat(names()).containsExactly("out.jsonl");
  }

  @Test
  void shouldLeaveNoTraceWhereThereIsNothingToKeep() throws IOException {
    open(false, false).close();
    assertThat(names()).isEmpty();

    JobOutput begun = open(false, false);
    begun.begin(START);
    begun.close();

    assertThat(names()).isEmpty();
    assertThatThrownBy(() -> begun.line("late", "c")).hasMessage("the output is closed");
    assertThatThrownBy(begun::commit).hasMessage("the output is closed");
  }

  @Test
  void shouldNeverReplaceResultsUnasked() throws IOException {
    Path file = Files.writeString(directory.resolve("out.jsonl"), "old\n");

    assertThatThrownBy(() -> open(false, false)).hasMessageContaining("--force");
    try (JobOutput output = open(true, false)) {
      output.begin(START);
      output.line("new", "c");
    }

    assertThat(file).as("not before the job is done").hasContent("old\n");
    try (JobOutput output = open(true, true)) {
      assertThat(output.begin(START).lines()).isEqualTo(1);
      output.commit();
    }
    assertThat(file).hasContent("new\n");
  }

  @Test
  void shouldGoOnBehindThePointAfterAKill() throws IOException {
    JobOutput killed = open(false, false);
    killed.begin(START);
    killed.line("one", "c1");
    killed.line("two", "c2");
    nanos += 2_000_000_000L;
    killed.line("three", "c3");
    killed.close();
    Path partial = directory.resolve("out.jsonl.partial");
    // As kill -9 leaves it: more results than the point knows, the last one cut.
    Files.writeString(partial, "four\nfi", StandardOpenOption.APPEND);

    assertThatThrownBy(() -> open(false, false)).hasMessageContaining("--resume");
    try (JobOutput output = open(false, true)) {
      ResumePoint point = output.begin(START);
      assertThat(point.lines()).isEqualTo(3);
      assertThat(point.input()).isEqualTo("c3");
      output.line("four again", "c4");
      output.commit();
    }

    assertThat(directory.resolve("out.jsonl")).hasContent("one\ntwo\nthree\nfour again\n");
    assertThat(names()).containsExactly("out.jsonl");
  }

  @Test
  void shouldRefuseToGoOnWithOthers() throws IOException {
    assertThatThrownBy(() -> open(false, true)).hasMessageContaining("nothing to resume");
    try (JobOutput output = open(false, false)) {
      output.begin(START);
      output.line("one", "c1");
    }

    for (ResumePoint other :
        List.of(
            ResumePoint.start("another", Map.of("main", "ab")),
            ResumePoint.start("plan", Map.of("main", "cd")))) {
      try (JobOutput output = open(false, true)) {
        assertThatThrownBy(() -> output.begin(other)).hasMessageContaining("cannot resume");
      }
    }
    Files.writeString(directory.resolve("out.jsonl.partial"), "");
    assertThatThrownBy(() -> open(false, true)).hasMessageContaining("nothing to resume");
  }

  @Test
  void shouldLetOnlyOneRunWrite() throws IOException {
    try (JobOutput first = open(false, false)) {
      first.begin(START);

      assertThatThrownBy(() -> open(false, false)).hasMessageContaining("another run writes");
    }
  }

  @Test
  void shouldReplaceWhatALinkPointsTo() throws IOException {
    Path target = Files.writeString(directory.resolve("target"), "old\n");
    Path link = Files.createSymbolicLink(directory.resolve("out.jsonl"), target);
    try (JobOutput output = open(true, false)) {
      output.begin(START);
      output.line("new", "c");
      output.commit();
    }

    assertThat(link).isSymbolicLink();
    assertThat(target).hasContent("new\n");
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}

package dev.millrace.cli.enrich;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LineOutputTest {

  @TempDir private Path directory;

  @Test
  void shouldAppearOnlyWhenCommitted() throws IOException {
    Path file = directory.resolve("out.jsonl");
    try (LineOutput output = LineOutput.to(file)) {
      output.line("one");
      assertThat(file).doesNotExist();

      output.commit();
    }

    assertThat(file).hasContent("one\n");
    assertThat(names()).containsExactly("out.jsonl");
  }

  @Test
  void shouldLeaveTheOldFileAndNoTraceWithoutACommit() throws IOException {
    Path file = Files.writeString(directory.resolve("out.jsonl"), "old\n");
    LineOutput output = LineOutput.to(file);
    output.line("new");

    output.close();

    assertThat(file).hasContent("old\n");
    assertThat(names()).containsExactly("out.jsonl");
    assertThatThrownBy(() -> output.line("late")).hasMessage("the output is closed");
    assertThatThrownBy(output::commit).hasMessage("the output is closed");
  }

  @Test
  void shouldMakeAFileThatIsAsReadableAsAnyOther() throws IOException {
    Path other = Files.writeString(directory.resolve("other"), "");
    Path file = directory.resolve("out.jsonl");
    try (LineOutput output = LineOutput.to(file)) {
      output.commit();
    }

    assertThat(Files.getPosixFilePermissions(file)).isEqualTo(Files.getPosixFilePermissions(other));
  }

  @Test
  void shouldReplaceWhatALinkPointsTo() throws IOException {
    Path target = Files.writeString(directory.resolve("target"), "old\n");
    Path link = Files.createSymbolicLink(directory.resolve("link"), target);
    try (LineOutput output = LineOutput.to(link)) {
      output.line("new");
      output.commit();
    }

    assertThat(link).isSymbolicLink();
    assertThat(target).hasContent("new\n");
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}

package dev.millrace.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.backend.MatrixSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A head in the file beside a configuration that says there is none of its own. */
final class TiedHeadTest {
  private static final String HEAD = "lm_head.weight";
  private static final String EMBEDDING = "model.embed_tokens.weight";

  @TempDir private Path directory;

  @Test
  void shouldTakeTheHeadOfTheFileIfItHasOtherValues() throws IOException {
    TinyModel.fused().writeTo(directory);
    tie();
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThat(checkpoint.head()).isNotSameAs(checkpoint.embedding());
      assertThat(((MatrixSource.Plain) checkpoint.head()).values().name()).isEqualTo(HEAD);
      assertThat(checkpoint.config().architecture().tiedEmbeddings()).isFalse();
    }
  }

  @Test
  void shouldShareTheTableIfTheHeadIsACopyOfIt() throws IOException {
    TinyModel.fused().remove(HEAD).copy(EMBEDDING, HEAD).writeTo(directory);
    tie();
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThat(checkpoint.head()).isSameAs(checkpoint.embedding());
      assertThat(checkpoint.config().architecture().tiedEmbeddings()).isTrue();
    }
  }

  @Test
  void shouldRefuseAHeadOfAnotherShapeOrLayout() throws IOException {
    TinyModel.fused().remove(HEAD).add(HEAD, 15, 8).writeTo(directory);
    tie();
    assertThatThrownBy(() -> Checkpoint.open(directory))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(HEAD + " has shape [15, 8], the configuration asks for [16, 8]");

    TinyModel.fused().remove(HEAD).add("lm_head.qweight", 8, 2).writeTo(directory);
    tie();
    assertThatThrownBy(() -> Checkpoint.open(directory))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(HEAD + " is in the layout of AWQ");
  }

  private void tie() throws IOException {
    Files.writeString(
        directory.resolve("config.json"),
        TinyModel.CONFIG.replaceFirst("\\{", "{\"tie_word_embeddings\": true,"));
  }
}

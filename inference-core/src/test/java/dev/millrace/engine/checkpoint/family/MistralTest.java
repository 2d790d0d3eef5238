package dev.millrace.engine.checkpoint.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.architecture.Visible;
import dev.millrace.engine.checkpoint.CheckpointException;
import dev.millrace.engine.checkpoint.ModelConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The configuration of the golden case, as it is and edited. */
final class MistralTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;

  @Test
  void shouldSeeAWindowInEveryLayer() {
    assertThat(read(config -> {}).architecture().layers())
        .hasSize(2)
        .allMatch(layer -> layer.attention().visible().equals(new Visible.Window(16)));
  }

  @Test
  void shouldSeeEverythingWhereTheWindowIsNull() {
    assertThat(visible(config -> config.putNull("sliding_window"))).isEqualTo(Visible.FULL);
  }

  @Test
  void shouldSeeTheFamilysWindowWhereNoneIsMentioned() {
    assertThat(visible(config -> config.remove("sliding_window")))
        .isEqualTo(new Visible.Window(4_096));
  }

  @Test
  void shouldRefuseAWindowOfNothing() {
    assertThatThrownBy(() -> read(config -> config.put("sliding_window", 0)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("key sliding_window: expected an integer from 1");
  }

  private Visible visible(Consumer<ObjectNode> edit) {
    return read(edit).architecture().layers().getFirst().attention().visible();
  }

  private ModelConfig read(Consumer<ObjectNode> edit) {
    try (InputStream in = MistralTest.class.getResourceAsStream("/golden/mistral/config.json")) {
      ObjectNode config = (ObjectNode) JSON.readTree(in);
      edit.accept(config);
      Files.write(directory.resolve("config.json"), JSON.writeValueAsBytes(config));
      return ModelConfig.read(directory);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}

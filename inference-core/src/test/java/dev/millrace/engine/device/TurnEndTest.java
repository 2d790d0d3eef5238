package dev.millrace.engine.device;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.EngineFactory;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.backend.BackendOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An answer ends where a turn does, wherever a model's files name that. */
final class TurnEndTest {
  private static final Path DEMO =
      Path.of(System.getProperty("millrace.root"), "inference-core", "models", "demo");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final EngineOptions OPTIONS =
      new EngineOptions("cpu", BackendOptions.DEFAULTS, 16, 8 << 20, 1, 1, false);
  private static final int END_OF_TEXT = 1;
  private static final int END_OF_TURN = 8;

  @TempDir private Path model;

  @BeforeEach
  void copy() throws IOException {
    try (Stream<Path> files = Files.list(DEMO)) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    Files.delete(model.resolve("generation_config.json"));
  }

  @Test
  void shouldEndWhereTheTokenizersConfigurationSays() throws IOException {
    edit("config.json", config -> config.put("eos_token_id", END_OF_TEXT));
    assertThat(stops()).containsExactly(END_OF_TEXT, END_OF_TURN);

    edit("config.json", config -> config.remove("eos_token_id"));
    assertThat(stops()).containsExactly(END_OF_TURN);
  }

  @Test
  void shouldEndWhereTheTemplateEndsAnAnswer() throws IOException {
    edit("config.json", config -> config.put("eos_token_id", END_OF_TEXT));
    edit("tokenizer_config.json", config -> config.put("eos_token", "<|end_of_text|>"));
    assertThat(stops()).containsExactly(END_OF_TEXT, END_OF_TURN);
  }

  @Test
  void shouldAddNothingWhereTheTemplateEndsAnAnswerWithText() throws IOException {
    edit("config.json", config -> config.put("eos_token_id", END_OF_TEXT));
    edit(
        "tokenizer_config.json",
        config ->
            config
                .put("eos_token", "<|end_of_text|>")
                .put(
                    "chat_template",
                    "{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}"));
    assertThat(stops()).containsExactly(END_OF_TEXT);
  }

  private int[] stops() {
    try (InferenceEngine engine = EngineFactory.open(model, OPTIONS)) {
      return engine.model().stopTokens();
    }
  }

  private void edit(String name, Consumer<ObjectNode> edit) throws IOException {
    Path file = model.resolve(name);
    ObjectNode node = (ObjectNode) JSON.readTree(file.toFile());
    edit.accept(node);
    JSON.writeValue(file.toFile(), node);
  }
}

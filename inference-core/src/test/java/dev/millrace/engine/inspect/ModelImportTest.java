package dev.millrace.engine.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.engine.EngineException;
import dev.millrace.engine.backend.BackendChoice;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.gguf.GgufCase;
import dev.millrace.engine.model.DecoderModel;
import dev.millrace.engine.model.Driver;
import dev.millrace.engine.model.ModelLimits;
import dev.millrace.engine.tokenizer.ChatTemplate;
import dev.millrace.engine.tokenizer.HuggingFaceTokenizer;
import dev.millrace.engine.tokenizer.JinjaChatTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A directory that was imported answers as its file does. */
final class ModelImportTest {

  @TempDir static Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"f16", "q4_1", "q6_k", "split", "llama3", "llama4", "qwen3moe"})
  void shouldGiveTheBitsAndIdsOfTheFile(String name) throws IOException {
    GgufCase golden = GgufCase.open(name, temporary);
    Path directory = temporary.resolve("imported-" + name);

    ModelImport.write(golden.file(), directory, false);

    assertThat(logits(directory, golden)).isDeepEqualTo(logits(golden.file(), golden));
    try (HuggingFaceTokenizer of = HuggingFaceTokenizer.open(golden.file());
        HuggingFaceTokenizer imported = HuggingFaceTokenizer.open(directory);
        Checkpoint file = Checkpoint.open(golden.file());
        Checkpoint checkpoint = Checkpoint.open(directory)) {
      List<ChatTemplate.Message> messages = List.of(new ChatTemplate.Message("user", "A text."));
      assertThat(golden.texts()).isNotEmpty();
      for (JsonNode text : golden.texts()) {
        assertThat(imported.encodeWithSpecialTokens(text.get(0).asText()))
            .isEqualTo(of.encodeWithSpecialTokens(text.get(0).asText()));
      }
      assertThat(JinjaChatTemplate.open(directory, imported).encode(messages, true))
          .isEqualTo(JinjaChatTemplate.open(golden.file(), of).encode(messages, true));
      assertThat(checkpoint.config().stopTokens()).isEqualTo(file.config().stopTokens());
      assertThat(checkpoint.config().architecture()).isEqualTo(file.config().architecture());
    }
  }

  private static float[][] logits(Path model, GgufCase golden) {
    try (Checkpoint checkpoint = Checkpoint.open(model);
        DecoderModel decoder =
            DecoderModel.load(
                checkpoint,
                BackendChoice.installed().stream()
                    .filter(provider -> provider.name().equals("cpu"))
                    .findFirst()
                    .orElseThrow()
                    .create(new BackendOptions(Arithmetic.F32, 1)),
                new ModelLimits(128, 1, 4 << 20, 8))) {
      return new Driver(decoder).logits(golden.inputIds(), golden.inputIds().length);
    }
  }

  @Test
  void shouldTakeHalfTheRoomInBf16() throws IOException {
    GgufCase golden = GgufCase.open("q8_0", temporary);
    Path whole = temporary.resolve("whole");
    Path half = temporary.resolve("half");
    ModelImport.write(golden.file(), whole, false);
    ModelImport.write(golden.file(), half, true);
    assertThat((double) Files.size(half.resolve("model.safetensors")))
        .isLessThan(0.6 * Files.size(whole.resolve("model.safetensors")));
    assertThat(logits(half, golden).length).isEqualTo(golden.inputIds().length);
  }

  @Test
  void shouldWriteIntoNoDirectoryThatHoldsFiles() throws IOException {
    GgufCase golden = GgufCase.open("q8_0", temporary);
    Path full = Files.createDirectories(temporary.resolve("full"));
    Files.writeString(full.resolve("config.json"), "{}");
    assertThatThrownBy(() -> ModelImport.write(golden.file(), full, false))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("it is not empty");
    assertThat(Files.readString(full.resolve("config.json"))).isEqualTo("{}");
  }
}

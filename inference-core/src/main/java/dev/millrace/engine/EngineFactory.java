package dev.millrace.engine;

import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.metrics.EngineMetrics;
import dev.millrace.engine.model.DecoderModel;
import dev.millrace.engine.tokenizer.HuggingFaceTokenizer;
import dev.millrace.engine.tokenizer.JinjaChatTemplate;
import java.nio.file.Path;

/** Opens engines. Thread-safe: it has no state. */
public final class EngineFactory {

  private EngineFactory() {}

  /** Opens an engine that reports to nobody. */
  public static InferenceEngine open(Path directory, EngineOptions options) {
    return open(directory, options, EngineMetrics.NONE);
  }

  /**
   * Loads a model directory in Hugging Face layout (configuration, safetensors, tokenizer) and
   * starts the engine thread. Returns when the engine accepts requests.
   *
   * @param directory stays unchanged as long as the engine is open
   * @param options what a user may choose
   * @param metrics told what the engine does
   * @throws EngineException if the directory, the backend or the memory do not allow it
   */
  public static InferenceEngine open(Path directory, EngineOptions options, EngineMetrics metrics) {
    return DeviceEngine.start(
        () -> load(directory, options),
        "engine-" + options.backend(),
        options,
        metrics,
        System::nanoTime);
  }

  private static LoadedModel load(Path directory, EngineOptions options) {
    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(directory);
    try {
      OpenModel open = OpenModel.open(directory, options);
      try {
        ModelInfo info = info(directory, open, tokenizer);
        return new LoadedModel(
            info,
            open.model(),
            () -> {
              open.checkpoint().close();
              tokenizer.close();
            });
      } catch (RuntimeException | Error e) {
        open.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      tokenizer.close();
      throw e;
    }
  }

  private static ModelInfo info(Path directory, OpenModel open, HuggingFaceTokenizer tokenizer) {
    ModelConfig config = open.checkpoint().config();
    DecoderModel model = open.model();
    long room = (long) model.kv().blocks() * model.kv().blockTokens();
    return new ModelInfo(
        directory.toAbsolutePath().normalize().getFileName().toString(),
        directory,
        open.checkpoint().digest(bytes -> {}),
        config.quantisation(),
        (int) Math.min(config.contextTokens(), room),
        config.vocabulary(),
        tokenizer,
        JinjaChatTemplate.open(directory, tokenizer),
        config.stopTokens().stream().mapToInt(Integer::intValue).toArray(),
        model.backend());
  }
}

package dev.millrace.engine;

import dev.millrace.engine.backend.BackendChoice;
import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.metrics.EngineMetrics;
import dev.millrace.engine.model.DecoderModel;
import dev.millrace.engine.tokenizer.ChatTemplate;
import dev.millrace.engine.tokenizer.HuggingFaceTokenizer;
import dev.millrace.engine.tokenizer.JinjaChatTemplate;
import dev.millrace.engine.tokenizer.Tokenizer;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens engines. Thread-safe: it has no state. */
public final class EngineFactory {
  private static final Logger LOG = LoggerFactory.getLogger(EngineFactory.class);

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
    BackendChoice choice = OpenModel.choose(ModelConfig.read(directory).architecture(), options);
    return start(() -> load(directory, choice, options), choice, options, metrics);
  }

  /**
   * Starts an engine on weights that lie in no directory, such as random ones.
   *
   * @param source what it names stays open as long as the engine
   * @throws EngineException if the backend or the memory do not allow it
   */
  public static InferenceEngine open(
      ModelSource source, EngineOptions options, EngineMetrics metrics) {
    BackendChoice choice = OpenModel.choose(source.weights().config().architecture(), options);
    return start(() -> load(source, choice, options), choice, options, metrics);
  }

  private static InferenceEngine start(
      LoadedModel.Loader loader,
      BackendChoice choice,
      EngineOptions options,
      EngineMetrics metrics) {
    DeviceEngine engine =
        DeviceEngine.start(
            loader, "engine-" + choice.provider().name() + "0", options, metrics, System::nanoTime);
    LOG.info(
        "engine ready: model {}, digest {}, {} key-value blocks, context of {} tokens",
        engine.model().name(),
        engine.model().digest(),
        engine.status().kvBlocksTotal(),
        engine.model().contextTokens());
    return engine;
  }

  private static LoadedModel load(ModelSource source, BackendChoice choice, EngineOptions options) {
    DecoderModel model = OpenModel.load(source.name(), source.weights(), choice, options);
    ModelInfo info =
        info(
            source.name(),
            Path.of(""),
            source.digest(),
            source.weights().config(),
            model,
            source.tokenizer(),
            source.chatTemplate());
    return new LoadedModel(info, model, () -> {});
  }

  private static LoadedModel load(Path directory, BackendChoice choice, EngineOptions options) {
    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(directory);
    try {
      JinjaChatTemplate template = JinjaChatTemplate.open(directory, tokenizer);
      OpenModel open = OpenModel.open(directory, choice, options);
      try {
        ModelInfo info =
            info(
                directory.toAbsolutePath().normalize().getFileName().toString(),
                directory,
                open.checkpoint().digest(new DigestProgress()),
                open.checkpoint().config(),
                open.model(),
                tokenizer,
                template);
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

  private static ModelInfo info(
      String name,
      Path directory,
      String digest,
      ModelConfig config,
      DecoderModel model,
      Tokenizer tokenizer,
      ChatTemplate template) {
    long room = (long) model.kv().blocks() * model.kv().blockTokens();
    return new ModelInfo(
        name,
        directory,
        digest,
        config.quantisation(),
        (int) Math.min(config.architecture().contextTokens(), room),
        config.architecture().vocabulary(),
        tokenizer,
        template,
        config.stopTokens().stream().mapToInt(Integer::intValue).toArray(),
        model.backend());
  }
}

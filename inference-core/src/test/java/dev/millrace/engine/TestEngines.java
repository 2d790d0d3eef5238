package dev.millrace.engine;

import dev.millrace.engine.metrics.EngineMetrics;
import dev.millrace.engine.model.DecoderModel;
import dev.millrace.engine.tokenizer.ChatTemplate;
import dev.millrace.engine.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;

/** Engines over checkpoints that have no tokenizer. Pure functions. */
final class TestEngines {

  private TestEngines() {}

  /** Opens an engine whose model can do everything but text. */
  static InferenceEngine open(Path directory, EngineOptions options) {
    return DeviceEngine.start(
        () -> load(directory, options),
        "engine-test",
        options,
        EngineMetrics.NONE,
        System::nanoTime);
  }

  private static LoadedModel load(Path directory, EngineOptions options) {
    OpenModel open = OpenModel.open(directory, options);
    DecoderModel model = open.model();
    Wordless words = new Wordless();
    ModelInfo info =
        new ModelInfo(
            "tiny",
            directory,
            "",
            "none",
            model.contextTokens(),
            model.vocabulary(),
            words,
            words,
            open.checkpoint().config().stopTokens().stream().mapToInt(Integer::intValue).toArray(),
            model.backend());
    return new LoadedModel(info, model, open.checkpoint()::close);
  }

  /** A tokenizer and a template for a model without text. */
  private static final class Wordless implements Tokenizer, ChatTemplate {

    private static UnsupportedOperationException none() {
      return new UnsupportedOperationException("this model has no tokenizer");
    }

    @Override
    public int[] encode(String text) {
      throw none();
    }

    @Override
    public int[] encodeWithSpecialTokens(String prompt) {
      throw none();
    }

    @Override
    public String decode(int[] tokens) {
      throw none();
    }

    @Override
    public OptionalInt specialToken(String text) {
      return OptionalInt.empty();
    }

    @Override
    public int vocabulary() {
      return 0;
    }

    @Override
    public StreamDecoder streamDecoder() {
      throw none();
    }

    @Override
    public void close() {}

    @Override
    public int[] encode(List<Message> messages, boolean generationPrompt) {
      throw none();
    }

    @Override
    public List<Turn> turns(String system, String shared, List<String> varying) {
      throw none();
    }
  }
}

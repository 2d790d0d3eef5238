package dev.millrace.engine.device;

import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.ModelInfo;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.ComputeDevice;
import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.metrics.EngineMetrics;
import dev.millrace.engine.model.DecoderModel;
import dev.millrace.engine.model.ModelLimits;
import dev.millrace.engine.tokenizer.ChatTemplate;
import dev.millrace.engine.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Engines over checkpoints that have no tokenizer. Pure functions. */
final class TestEngines {

  private TestEngines() {}

  /** Opens an engine whose model can do everything but text. */
  static InferenceEngine open(Path directory, EngineOptions options) {
    return start(
        () -> load(directory, options),
        "engine-test",
        options,
        EngineMetrics.NONE,
        System::nanoTime);
  }

  /** Starts an engine on a device of its own that is there for nothing but its thread. */
  static DeviceEngine start(
      Supplier<LoadedModel> loader,
      String threadName,
      EngineOptions options,
      EngineMetrics metrics,
      LongSupplier nanoClock) {
    Tenant tenant = Tenant.alone(options, metrics, _ -> ready(loader));
    return DeviceThread.start(threadName, NoDevice::new, List.of(tenant), nanoClock).getFirst();
  }

  /** A model that takes no part in the counting and dividing of memory. */
  static ModelOpening ready(Supplier<LoadedModel> loader) {
    return new ModelOpening() {
      @Override
      public long bytesNeeded() {
        return 0;
      }

      @Override
      public void load(long beside) {}

      @Override
      public boolean hasKvBudget() {
        return true;
      }

      @Override
      public long kvBytesMax() {
        return 0;
      }

      @Override
      public long kvBytesAvailable() {
        return 0;
      }

      @Override
      public long workBytesToCome() {
        return 0;
      }

      @Override
      public LoadedModel complete(long kvBytes) {
        return loader.get();
      }

      @Override
      public void close() {}
    };
  }

  /** A device that computes nothing. */
  static final class NoDevice implements ComputeDevice {
    @Override
    public ComputeBackend backend(BackendOptions options) {
      throw new UnsupportedOperationException("this device computes nothing");
    }

    @Override
    public void close() {}
  }

  private static LoadedModel load(Path directory, EngineOptions options) {
    Checkpoint checkpoint = Checkpoint.open(directory);
    ComputeBackend backend =
        Devices.choose(List.of(checkpoint.config().architecture()), options.backend())
            .provider()
            .create(options.backendOptions().withWeights(checkpoint.weightType()));
    ModelLimits limits =
        new ModelLimits(options.stepTokensMax(), options.sequencesMax(), options.kvMemoryBytes());
    DecoderModel model = DecoderModel.load(checkpoint, backend, limits);
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
            checkpoint.config().stopTokens().stream().mapToInt(Integer::intValue).toArray(),
            model.backend());
    return new LoadedModel(info, model, checkpoint::close);
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

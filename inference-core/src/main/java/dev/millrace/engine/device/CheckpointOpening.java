package dev.millrace.engine.device;

import dev.millrace.engine.EngineException;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.ModelInfo;
import dev.millrace.engine.ModelSource;
import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.ComputeDevice;
import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.checkpoint.ModelWeights;
import dev.millrace.engine.model.DecoderModel;
import dev.millrace.engine.model.ModelLimits;
import dev.millrace.engine.model.ModelLoading;
import dev.millrace.engine.tokenizer.ChatTemplate;
import dev.millrace.engine.tokenizer.HuggingFaceTokenizer;
import dev.millrace.engine.tokenizer.JinjaChatTemplate;
import dev.millrace.engine.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens a model directory, or weights that lie in none. Owned by the engine thread. */
final class CheckpointOpening implements ModelOpening {
  private static final Logger LOG = LoggerFactory.getLogger(CheckpointOpening.class);

  private final Parts parts;
  private final ModelLoading loading;
  private boolean complete;

  /**
   * What a model consists of beside the device's part.
   *
   * @param name for logs and provenance
   * @param directory where it lies; empty if nowhere
   * @param digest of its weights; may take minutes
   * @param widened values that are widened when they are loaded
   * @param turnEnds ids that end a turn by tokenizer and template
   * @param closeable closes weights and tokenizer
   */
  private record Parts(
      String name,
      Path directory,
      Supplier<String> digest,
      ModelWeights weights,
      long widened,
      Tokenizer tokenizer,
      ChatTemplate template,
      List<Integer> turnEnds,
      Runnable closeable) {}

  private CheckpointOpening(Parts parts, ComputeDevice device, EngineOptions options) {
    this.parts = parts;
    try {
      ComputeBackend backend =
          device.backend(options.backendOptions().withWeights(parts.weights().weightType()));
      BackendInfo info = backend.info();
      LOG.info(
          "model {} on backend {}: {}, {} arithmetic, {} threads",
          parts.name(),
          info.name(),
          info.device(),
          info.arithmetic(),
          info.threads());
      sayWhatIsWidened(info);
      ModelLimits limits =
          new ModelLimits(options.stepTokensMax(), options.sequencesMax(), options.kvMemoryBytes())
              .withLocalBlocks();
      loading = new ModelLoading(parts.weights(), backend, limits);
    } catch (BackendException e) {
      parts.closeable().run();
      throw cannotLoad(e);
    } catch (RuntimeException | Error e) {
      parts.closeable().run();
      throw e;
    }
  }

  private void sayWhatIsWidened(BackendInfo info) {
    if (parts.widened() > 0) {
      boolean half = info.arithmetic().equals("bf16");
      LOG.info(
          "model {}: its {} quantised weights ({}) are widened to {} when they are loaded: {} MiB of"
              + " memory",
          parts.name(),
          parts.widened(),
          parts.weights().config().quantisation(),
          half ? "bf16" : "f32",
          (parts.widened() * (half ? Short.BYTES : Float.BYTES)) >> 20);
    }
  }

  /** Opens a directory in Hugging Face layout, or a GGUF file. */
  static ModelOpening directory(Path directory, ComputeDevice device, EngineOptions options) {
    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(directory);
    Checkpoint checkpoint;
    JinjaChatTemplate template;
    try {
      template = JinjaChatTemplate.open(directory, tokenizer);
      checkpoint = Checkpoint.open(directory);
    } catch (RuntimeException | Error e) {
      tokenizer.close();
      throw e;
    }
    Parts parts =
        new Parts(
            directory.toAbsolutePath().normalize().getFileName().toString(),
            directory,
            () -> checkpoint.digest(new DigestProgress()),
            checkpoint,
            checkpoint.widenedElements(),
            tokenizer,
            template,
            template.stopTokens(),
            () -> {
              checkpoint.close();
              tokenizer.close();
            });
    return new CheckpointOpening(parts, device, options);
  }

  /** Opens what its caller keeps. */
  static ModelOpening source(ModelSource source, ComputeDevice device, EngineOptions options) {
    Parts parts =
        new Parts(
            source.name(),
            Path.of(""),
            source::digest,
            source.weights(),
            0,
            source.tokenizer(),
            source.chatTemplate(),
            List.of(),
            () -> {});
    return new CheckpointOpening(parts, device, options);
  }

  private EngineException cannotLoad(BackendException cause) {
    return new EngineException(
        "cannot load model %s: %s".formatted(parts.name(), cause.getMessage()), cause);
  }

  @Override
  public long bytesNeeded() {
    return loading.bytesNeeded();
  }

  @Override
  public void load(long beside) {
    try {
      loading.load(beside);
    } catch (BackendException e) {
      throw cannotLoad(e);
    }
  }

  @Override
  public boolean hasKvBudget() {
    return loading.hasKvBudget();
  }

  @Override
  public long kvBytesMax() {
    return loading.kvBytesMax();
  }

  @Override
  public long kvBytesAvailable() {
    return loading.kvBytesAvailable();
  }

  @Override
  public long workBytesToCome() {
    return loading.workBytesToCome();
  }

  @Override
  public LoadedModel complete(long kvBytes) {
    try {
      DecoderModel model = loading.complete(kvBytes);
      ModelInfo info = info(model);
      complete = true;
      return new LoadedModel(info, model, parts.weights().config().imageToken(), parts.closeable());
    } catch (BackendException e) {
      throw cannotLoad(e);
    }
  }

  private ModelInfo info(DecoderModel model) {
    ModelConfig config = parts.weights().config();
    long room = (long) model.kv().blocks() * model.kv().blockTokens();
    return new ModelInfo(
        parts.name(),
        parts.directory(),
        parts.digest().get(),
        config.quantisation(),
        (int) Math.min(config.architecture().contextTokens(), room),
        config.architecture().vocabulary(),
        parts.tokenizer(),
        parts.template(),
        stopTokens(config),
        model.backend());
  }

  /** Those of the configuration, and those by which a turn ends where it forgot them. */
  private int[] stopTokens(ModelConfig config) {
    TreeSet<Integer> stops = new TreeSet<>(config.stopTokens());
    for (int id : parts.turnEnds()) {
      if (id < config.architecture().vocabulary() && stops.add(id)) {
        LOG.warn(
            "model {}: its configuration does not name token {} among those that end a generation,"
                + " but its tokenizer or chat template ends a turn with it; it ends one here, too",
            parts.name(),
            id);
      }
    }
    return stops.stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public void close() {
    if (!complete) {
      try {
        loading.close();
      } finally {
        parts.closeable().run();
      }
    }
  }
}

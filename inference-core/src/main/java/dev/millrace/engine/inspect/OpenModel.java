package dev.millrace.engine.inspect;

import dev.millrace.engine.EngineException;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.backend.BackendChoice;
import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.checkpoint.ModelWeights;
import dev.millrace.engine.device.Devices;
import dev.millrace.engine.model.DecoderModel;
import dev.millrace.engine.model.ModelLimits;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A checkpoint and the model that was loaded from it into a backend. Owned by the thread that
 * opened it.
 *
 * @param checkpoint outlives the model
 * @param model closed first
 */
record OpenModel(Checkpoint checkpoint, DecoderModel model) implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OpenModel.class);

  /**
   * Chooses a backend and loads the model into it.
   *
   * @throws EngineException if the directory, the backend or the memory do not allow it
   */
  static OpenModel open(Path directory, EngineOptions options) {
    return open(directory, choose(ModelConfig.read(directory).architecture(), options), options);
  }

  /**
   * Chooses a backend for a model.
   *
   * @throws EngineException if there is none of this name, or it cannot run here, or not this model
   */
  static BackendChoice choose(Architecture architecture, EngineOptions options) {
    return Devices.choose(List.of(architecture), options.backend());
  }

  /**
   * Loads the model into the chosen backend.
   *
   * @throws EngineException if the directory, the backend or the memory do not allow it
   */
  static OpenModel open(Path directory, BackendChoice choice, EngineOptions options) {
    Checkpoint checkpoint = Checkpoint.open(directory);
    try {
      return new OpenModel(checkpoint, load(directory.toString(), checkpoint, choice, options));
    } catch (RuntimeException | Error e) {
      checkpoint.close();
      throw e;
    }
  }

  /**
   * Loads weights into the chosen backend.
   *
   * @param name of the model, for messages
   * @param weights stay open as long as the model
   * @throws EngineException if the backend or the memory do not allow it
   */
  static DecoderModel load(
      String name, ModelWeights weights, BackendChoice choice, EngineOptions options) {
    try {
      ComputeBackend backend =
          choice.provider().create(options.backendOptions().withWeights(weights.weightType()));
      BackendInfo info = backend.info();
      LOG.info(
          "backend {} ({}): {}, {} arithmetic, {} threads",
          info.name(),
          choice.why(),
          info.device(),
          info.arithmetic(),
          info.threads());
      ModelLimits limits =
          new ModelLimits(options.stepTokensMax(), options.sequencesMax(), options.kvMemoryBytes());
      return DecoderModel.load(weights, backend, limits);
    } catch (BackendException e) {
      throw new EngineException("cannot load model %s: %s".formatted(name, e.getMessage()), e);
    }
  }

  @Override
  public void close() {
    try (checkpoint) {
      model.close();
    }
  }
}

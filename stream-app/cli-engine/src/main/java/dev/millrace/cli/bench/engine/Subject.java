package dev.millrace.cli.bench.engine;

import dev.millrace.engine.EngineFactory;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.ModelSource;
import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.checkpoint.ModelWeights;
import dev.millrace.engine.checkpoint.RandomWeights;
import dev.millrace.engine.checkpoint.RandomWeights.Quantisation;
import dev.millrace.engine.metrics.EngineMetrics;
import java.nio.file.Path;
import java.util.Locale;

/** The model that is measured. */
interface Subject extends AutoCloseable {

  /** Its weights, open as long as the subject. */
  ModelWeights weights();

  /** An engine that runs it; closed before the subject. */
  InferenceEngine engine(EngineOptions options);

  @Override
  void close();

  /**
   * A directory's model.
   *
   * @param directory of the model
   * @param weights opened from it
   */
  record Directory(Path directory, Checkpoint weights) implements Subject {

    @Override
    public InferenceEngine engine(EngineOptions options) {
      return EngineFactory.open(directory, options);
    }

    @Override
    public void close() {
      weights.close();
    }
  }

  /**
   * A model of a given configuration whose weights are made at random, in memory.
   *
   * @param weights the random ones
   * @param quantisation of the linear layers
   */
  record Random(RandomWeights weights, Quantisation quantisation) implements Subject {

    /** Makes the weights; takes some seconds for a large model. */
    static Random of(ModelConfig config, Quantisation quantisation, long seed) {
      return new Random(new RandomWeights(config, quantisation, seed), quantisation);
    }

    @Override
    public InferenceEngine engine(EngineOptions options) {
      IdsOnly ids = new IdsOnly(weights.config().architecture().vocabulary());
      String name = "random-" + quantisation.name().toLowerCase(Locale.ROOT);
      return EngineFactory.open(
          new ModelSource(name, name, weights, ids, ids), options, EngineMetrics.NONE);
    }

    @Override
    public void close() {
      weights.close();
    }
  }
}

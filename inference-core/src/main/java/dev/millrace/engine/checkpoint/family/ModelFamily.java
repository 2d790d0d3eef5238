package dev.millrace.engine.checkpoint.family;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.checkpoint.ConfigNode;
import java.util.List;
import java.util.OptionalInt;

/** Models whose configurations and tensors follow the same rules. Stateless; thread-safe. */
public interface ModelFamily {

  /** How its configurations may name themselves, the usual one first. */
  List<Name> names();

  /**
   * Reads a configuration: defaults applied, contradictions and whatever no backend computes
   * refused.
   *
   * @param name one of its architectures
   * @param config the whole of config.json
   * @throws dev.millrace.engine.checkpoint.CheckpointException naming file, key, found and expected
   */
  Architecture read(String name, ConfigNode config);

  /**
   * Id that stands for a part of an image in a prompt, if models of this name take images.
   *
   * @param name one of its architectures
   * @param config the whole of config.json
   */
  default OptionalInt imageToken(String name, ConfigNode config) {
    return OptionalInt.empty();
  }

  /** Where it keeps its tensors. */
  TensorNames tensors();

  /**
   * One way in which a configuration names itself.
   *
   * @param architecture in the list of architectures
   * @param modelType under {@code model_type}
   */
  record Name(String architecture, String modelType) {}
}

package dev.millrace.engine.checkpoint.family;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.checkpoint.CheckpointException;
import dev.millrace.engine.checkpoint.ConfigNode;
import dev.millrace.engine.checkpoint.family.ModelFamily.Name;
import java.util.List;
import java.util.Locale;

/** The families that can be read. Pure functions. */
public final class ModelFamilies {

  private static final List<ModelFamily> ALL =
      List.of(new Llama4(), new Llama3(), new Mistral(), new Qwen3(), new Qwen3Moe());

  private ModelFamilies() {}

  /**
   * A configuration that was read by the rules of its family.
   *
   * @param family whose rules hold
   * @param architecture what it describes
   */
  public record Read(ModelFamily family, Architecture architecture) {}

  /**
   * Reads a configuration.
   *
   * @param config the whole of config.json
   * @throws CheckpointException if no family reads it, or its own refuses it
   */
  public static Read read(ConfigNode config) {
    List<String> architectures = config.texts("architectures", 16);
    String type = config.text("model_type", "");
    for (ModelFamily family : ALL) {
      for (Name name : family.names()) {
        if (architectures.isEmpty()
            ? name.modelType().equals(type)
            : name.architecture().equals(architectures.getFirst())) {
          requireType(config, family, type);
          return new Read(family, family.read(name.architecture(), config));
        }
      }
    }
    throw architectures.isEmpty()
        ? unsupported(config, "model_type", config.found("model_type"))
        : unsupported(config, "architectures", architectures.toString());
  }

  /** Two keys say what the model is; rules of the one must not be applied to the other. */
  private static void requireType(ConfigNode config, ModelFamily family, String type) {
    List<String> types = family.names().stream().map(Name::modelType).distinct().toList();
    if (!type.isEmpty() && !types.contains(type)) {
      throw config.refuse(
          "model_type",
          String.format(
              Locale.ROOT, "%s, since architectures names that family", listed(types, "\"")));
    }
  }

  private static CheckpointException unsupported(ConfigNode config, String key, String found) {
    List<String> names =
        ALL.stream().flatMap(family -> family.names().stream()).map(Name::architecture).toList();
    return new CheckpointException(
        config.file(),
        String.format(
            Locale.ROOT,
            "key %s: %s is not supported; expected %s",
            key,
            found,
            listed(names, "")));
  }

  private static String listed(List<String> names, String quote) {
    List<String> quoted = names.stream().map(name -> quote + name + quote).toList();
    int last = quoted.size() - 1;
    return last == 0
        ? quoted.getFirst()
        : String.join(", ", quoted.subList(0, last)) + " or " + quoted.get(last);
  }
}

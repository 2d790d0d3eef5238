package dev.millrace.flink;

import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.ConfigSection;
import dev.millrace.operations.config.ConfigSpec;
import dev.millrace.operations.config.ModelKeys;
import dev.millrace.operations.config.ModelsKeys;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What {@link EnrichDocuments} needs to know, by the names of {@code millrace.yaml}: {@code
 * model.*}, {@code models.*}, {@code processing.deadline}, {@code processing.attempts.max}, {@code
 * processing.backoff.*}, {@code flink.capacity} and {@code flink.order}. Paths are those of the
 * task managers; operators with the same options share their models there. Immutable.
 */
public final class EnrichOptions implements Serializable {
  private static final long serialVersionUID = 1;

  /** In the order of the reference page. */
  static final ConfigSpec SPEC =
      new ConfigSpec(
          List.of(
              FlinkSpec.ATTEMPTS,
              ModelKeys.SECTION,
              ConfigSection.of(
                  "flink", "The Flink job.", List.of(FlinkKeys.CAPACITY, FlinkKeys.ORDER))),
          List.of(ModelsKeys.MODELS),
          List.of(),
          List.of(ModelsKeys::check));

  private final TreeMap<String, String> settings;

  private EnrichOptions(Map<String, String> settings) {
    this.settings = new TreeMap<>(settings);
  }

  /**
   * Settings by their names; {@code model.dir} is required.
   *
   * @throws dev.millrace.operations.config.ConfigException with everything that is wrong
   */
  public static EnrichOptions of(Map<String, String> settings) {
    EnrichOptions options = new EnrichOptions(settings);
    Config _ = options.parse();
    return options;
  }

  /** A model and the plan beside it, everything else as it is by default. */
  public static EnrichOptions ofModel(Path directory) {
    return of(Map.of(ModelKeys.DIR.name(), directory.toString()));
  }

  /** The same with one setting more, or another value for it. */
  public EnrichOptions with(String name, String value) {
    TreeMap<String, String> more = new TreeMap<>(settings);
    more.put(name, value);
    return of(more);
  }

  Config parse() {
    String yaml =
        settings.entrySet().stream()
            .map(entry -> quoted(entry.getKey()) + ": " + quoted(entry.getValue()))
            .collect(Collectors.joining("\n", "", "\n"));
    return ConfigReader.parse(
        SPEC, "options of EnrichDocuments", Path.of("").toAbsolutePath(), yaml, Map.of());
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  /** Documents in work in a subtask: as many as the engine runs, where nothing else is said. */
  static int capacity(Config config) {
    return config.get(
        config.isSet(FlinkKeys.CAPACITY) ? FlinkKeys.CAPACITY : ModelKeys.SEQUENCES_MAX);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof EnrichOptions that && settings.equals(that.settings);
  }

  @Override
  public int hashCode() {
    return settings.hashCode();
  }

  @Override
  public String toString() {
    return settings.toString();
  }
}

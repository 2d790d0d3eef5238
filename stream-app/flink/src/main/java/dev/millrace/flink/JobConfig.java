package dev.millrace.flink;

import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The configuration as it travels from the client to the task managers: as text, so that secrets
 * stand in it as names of files, which each task manager reads for itself.
 *
 * @param source names it in messages
 * @param directory where its relative paths start, on each machine
 * @param yaml its text
 * @param environment variables that override it
 */
record JobConfig(String source, String directory, String yaml, TreeMap<String, String> environment)
    implements Serializable {
  private static final String PREFIX = "MILLRACE_";

  /** Reads a file. */
  static JobConfig read(Path file, Map<String, String> environment) {
    TreeMap<String, String> ours = new TreeMap<>(environment);
    ours.keySet().removeIf(name -> !name.startsWith(PREFIX));
    try {
      Path directory = file.toAbsolutePath().getParent();
      return new JobConfig(
          file.toString(),
          directory == null ? "/" : directory.toString(),
          Files.readString(file, StandardCharsets.UTF_8),
          ours);
    } catch (IOException e) {
      throw new OperationException(
          "cannot read the configuration %s: %s".formatted(file, e.getClass().getSimpleName()), e);
    }
  }

  /**
   * The settings; throws {@link dev.millrace.operations.config.ConfigException} if they are wrong.
   */
  Config parse() {
    return ConfigReader.parse(FlinkSpec.SPEC, source, Path.of(directory), yaml, environment);
  }
}

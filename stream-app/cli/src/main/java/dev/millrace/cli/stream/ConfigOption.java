package dev.millrace.cli.stream;

import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.streams.config.ApplicationSpec;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** {@code --config}, for every command that needs the configuration. */
public final class ConfigOption {

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "Configuration file (YAML); see docs/reference/configuration.md.")
  private Path file;

  /** Reads it, with the environment laid over it. */
  public Config read() {
    return ConfigReader.read(ApplicationSpec.SPEC, file, System.getenv());
  }
}

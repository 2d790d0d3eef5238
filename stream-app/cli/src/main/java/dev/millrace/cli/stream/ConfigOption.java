package dev.millrace.cli.stream;

import dev.millrace.cli.log.LogSettings;
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

  /** Reads it, with the environment laid over it, and lets the log follow it. */
  public Config read() {
    Config config = ConfigReader.read(ApplicationSpec.SPEC, file, System.getenv());
    LogSettings.apply(config);
    return config;
  }
}

package dev.millrace.cli.model;

import dev.millrace.cli.DeviceArguments;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.backend.BackendOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** On what a model runs. */
final class EngineArguments {

  @Mixin private final DeviceArguments device = new DeviceArguments();

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "Compute threads of a CPU backend; 0 takes all cores (default).")
  private int threads;

  /**
   * For one sequence at a time.
   *
   * @param stepTokensMax rows of one step
   */
  EngineOptions options(int stepTokensMax) {
    return new EngineOptions(
        device.backend(),
        new BackendOptions(device.arithmetic(), threads),
        stepTokensMax,
        0,
        1,
        1,
        false);
  }
}

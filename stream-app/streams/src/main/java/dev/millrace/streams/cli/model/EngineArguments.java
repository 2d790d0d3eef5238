package dev.millrace.streams.cli.model;

import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import picocli.CommandLine.Option;

/** On what a model runs. */
final class EngineArguments {

  @Option(
      names = "--backend",
      paramLabel = "B",
      defaultValue = "auto",
      description = "auto, cuda, cpu or reference (default: ${DEFAULT-VALUE}).")
  private String backend = "auto";

  @Option(
      names = "--arithmetic",
      paramLabel = "A",
      defaultValue = "AUTO",
      description = "Operands of matrix products: auto, f32 or bf16 (default: auto).")
  private Arithmetic arithmetic = Arithmetic.AUTO;

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
        backend, new BackendOptions(arithmetic, threads), stepTokensMax, 0, 1, 1, false);
  }
}

package dev.millrace.cli;

import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import picocli.CommandLine.Option;

/** On what a model runs, and in which numbers: the options of every command that loads one. */
public final class DeviceArguments {

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

  /** Name of the backend. */
  public String backend() {
    return backend;
  }

  /** Operands of products. */
  public Arithmetic arithmetic() {
    return arithmetic;
  }

  /** The engine's usual options on this device. */
  public EngineOptions engineOptions() {
    return EngineOptions.DEFAULTS.withBackend(backend).withArithmetic(arithmetic);
  }
}

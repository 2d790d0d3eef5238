package dev.millrace.streams.cli.bench;

import dev.millrace.streams.cli.bench.engine.EngineBench;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Parent of the measurements. Add one by adding its class to the list. */
@Command(
    name = "bench",
    description = "Measures this machine, each figure beside the limit it is compared with.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {EngineBench.class, StreamBench.class})
public final class BenchCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which measurement?");
  }
}

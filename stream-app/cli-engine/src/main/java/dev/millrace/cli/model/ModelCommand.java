package dev.millrace.cli.model;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Parent of the commands about one model. */
@Command(
    name = "model",
    description = "Looks into a model directory, or runs it by hand.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      InspectCommand.class,
      DigestCommand.class,
      LogitsCommand.class,
      CompareCommand.class,
      GenerateCommand.class,
      ImportCommand.class
    })
public final class ModelCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which command?");
  }
}

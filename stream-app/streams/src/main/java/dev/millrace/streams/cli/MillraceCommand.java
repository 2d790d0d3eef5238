package dev.millrace.streams.cli;

import dev.millrace.streams.cli.bench.BenchCommand;
import dev.millrace.streams.cli.enrich.EnrichCommand;
import dev.millrace.streams.cli.enrich.EvaluateCommand;
import dev.millrace.streams.cli.model.ModelCommand;
import dev.millrace.streams.demo.DemoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The root command. Add a subcommand by adding its class to the list. */
@Command(
    name = "millrace",
    description = "Enriches document streams with a language model inside this process.",
    versionProvider = VersionProvider.class,
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    sortOptions = false,
    synopsisSubcommandLabel = "COMMAND",
    footer = {"", "Exit codes: 0 success, 1 failure, 2 wrong usage or configuration."},
    subcommands = {
      DemoCommand.class,
      RunCommand.class,
      TopicsCommand.class,
      SchemasCommand.class,
      ProduceCommand.class,
      TailCommand.class,
      RedriveCommand.class,
      EnrichCommand.class,
      EvaluateCommand.class,
      ModelCommand.class,
      BenchCommand.class,
      HelpCommand.class,
    })
public final class MillraceCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Log more, and show stack traces of failures.")
  private boolean debug;

  /** Whether {@code --debug} was given, to this command or to a subcommand. */
  boolean debug() {
    return debug;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which command?");
  }
}

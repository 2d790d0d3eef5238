package dev.millrace.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The root command. The {@link CommandSet}s say which commands it has. */
@Command(
    name = "millrace",
    description = "Enriches document streams with a language model inside this process.",
    versionProvider = VersionProvider.class,
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    sortOptions = false,
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "`millrace flink` tries the Flink job on this machine, with libraries of its own; see"
          + " `millrace flink --help`.",
      "",
      "Exit codes: 0 success, 1 failure, 2 wrong usage or configuration, 130 stopped by Ctrl-C"
          + " before it was done."
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

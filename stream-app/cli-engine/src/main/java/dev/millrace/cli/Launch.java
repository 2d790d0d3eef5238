package dev.millrace.cli;

import dev.millrace.cli.bench.BenchCommand;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.ServiceLoader;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.HelpCommand;

/** Runs one command of the sets that there are. Used by one thread. */
public final class Launch {
  private final List<CommandSet> sets;

  private Launch(List<CommandSet> sets) {
    this.sets = List.copyOf(sets);
  }

  /** With the sets on the class path. */
  public static Launch found() {
    List<CommandSet> sets = new ArrayList<>();
    ServiceLoader.load(CommandSet.class).forEach(sets::add);
    sets.sort(Comparator.comparingInt(CommandSet::position));
    return new Launch(sets);
  }

  /**
   * Runs one command without exiting.
   *
   * @param out where results go
   * @param err where failures and usage go
   * @return the exit code, see {@link ExitCode}
   */
  int run(PrintWriter out, PrintWriter err, String... arguments) {
    MillraceCommand root = new MillraceCommand();
    FailureReport report = new FailureReport(root, this::mask, this::exitCode);
    return commandLine(root)
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setAbbreviatedOptionsAllowed(false)
        .setUsageHelpAutoWidth(true)
        .setExecutionExceptionHandler(report)
        .setParameterExceptionHandler(report)
        .setExecutionStrategy(parsed -> {
          if (root.debug()) {
            logMore();
          }
          return new CommandLine.RunLast().execute(parsed);
        })
        .execute(arguments);
  }

  /** The root with all commands. */
  public CommandLine commandLine() {
    return commandLine(new MillraceCommand());
  }

  private CommandLine commandLine(MillraceCommand root) {
    CommandLine line = new CommandLine(root);
    sets.forEach(set -> set.addTo(line));
    CommandLine bench = new CommandLine(new BenchCommand());
    line.addSubcommand(bench);
    sets.reversed().forEach(set -> set.addMeasurements(bench));
    line.addSubcommand(HelpCommand.class);
    return line;
  }

  private String mask(String text) {
    String masked = text;
    for (CommandSet set : sets) {
      masked = set.mask(masked);
    }
    return masked;
  }

  private OptionalInt exitCode(Throwable failure) {
    return sets.stream()
        .map(set -> set.exitCode(failure))
        .filter(OptionalInt::isPresent)
        .findFirst()
        .orElse(OptionalInt.empty());
  }

  private void logMore() {
    boolean done = false;
    for (CommandSet set : sets) {
      done |= set.logMore();
    }
    if (!done) {
      LoggerFactory.getLogger(Launch.class)
          .warn("--debug shows stack traces only: how much is logged is up to the logger in use");
    }
  }
}

package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.EngineOpener;
import dev.millrace.cli.ExitCode;
import dev.millrace.cli.Progress;
import dev.millrace.engine.EngineFactory;
import dev.millrace.enrichment.EnrichmentMetrics;
import dev.millrace.enrichment.JsonOutcome;
import dev.millrace.enrichment.Outcome.Rejected;
import dev.millrace.enrichment.Plan;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Enriches a file of documents without Kafka. */
@Command(
    name = "enrich",
    description = "Enriches a file of documents, one JSON object on each line, without Kafka.",
    footer = {
      "",
      "In:  {\"id\":\"..\",\"text\":\"..\",\"language\":\"en\"}; the language may be left out.",
      "Out: one line for each line in that is not blank, in order: the enrichment, or {\"id\",\"error\":{..}}.",
      "A line that cannot be enriched does not make the command fail; counts are on",
      "stderr."
    })
public final class EnrichCommand implements Callable<Integer> {
  private final EngineOpener opener;
  private final InputStream standardInput;

  @Spec private CommandSpec spec;

  @Mixin private final RunArguments arguments = new RunArguments();

  @Option(
      names = "--output",
      required = true,
      paramLabel = "OUT.jsonl",
      description = "Results; - for standard output. A file appears when it is complete.")
  private String output = FileRun.STANDARD;

  /** The command with the real engine. */
  public EnrichCommand() {
    this(EngineFactory::open, System.in);
  }

  EnrichCommand(EngineOpener opener, InputStream standardInput) {
    this.opener = opener;
    this.standardInput = standardInput;
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    Plan plan = arguments.plan();
    LineOutput lines = open();
    Thread cleaner = new Thread(() -> closeQuietly(lines), "enrich-cleaner");
    Runtime.getRuntime().addShutdownHook(cleaner);
    try (lines) {
      new FileRun(opener, arguments, EnrichmentMetrics.NONE)
          .run(
              standardInput,
              plan,
              () -> new Tally("enrich", Progress.plain(err, System::nanoTime)),
              (id, _, outcome) ->
                  lines.line(
                      outcome instanceof Rejected(var reason, var message)
                          ? JsonOutcome.error(id, reason.name(), message)
                          : JsonOutcome.line(String.valueOf(id), outcome)));
      lines.commit();
    } finally {
      forget(cleaner);
    }
    return ExitCode.SUCCESS;
  }

  private LineOutput open() {
    if (output.equals(FileRun.STANDARD)) {
      return LineOutput.to(spec.commandLine().getOut());
    }
    try {
      return LineOutput.to(Path.of(output));
    } catch (IOException e) {
      throw CommandException.failure(
          "cannot write the output beside %s: %s".formatted(output, e), e);
    }
  }

  private static void closeQuietly(LineOutput lines) {
    try {
      lines.close();
    } catch (IOException e) {
      // The process is ending; a partial file that cannot be removed is all that is left.
    }
  }

  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is already ending; the hook runs.
    }
  }
}

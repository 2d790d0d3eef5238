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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Enriches a file of documents without Kafka. */
@Command(
    name = "enrich",
    description = "Enriches a file or directory of documents without Kafka.",
    footer = {
      "",
      "In:  {\"id\":\"..\",\"text\":\"..\",\"language\":\"en\"}; the language may be left out.",
      "     CSV has columns of these names; a text file's id is its name.",
      "Out: one line for each document in, in order: the enrichment, or",
      "{\"id\",\"line\",\"error\":{..}}. A line that cannot be enriched does not make the",
      "command fail; counts are on stderr."
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
      description = {
        "Results; - for standard output. A file appears when it is complete;",
        "until then there is OUT.jsonl.partial."
      })
  private String output = FileRun.STANDARD;

  @Option(names = "--force", description = "Replace results that are there.")
  private boolean force;

  @Option(
      names = "--resume",
      description = "Go on where an interrupted run with the same input, plan and model ended.")
  private boolean resume;

  @Option(
      names = "--fail-above",
      paramLabel = "SHARE",
      description =
          "Exit with 1 if a larger share of the documents failed, 0 to 1 (default: 1, which fails"
              + " only if no document was enriched).")
  private double failAbove = 1;

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
    if (failAbove < 0 || failAbove > 1) {
      throw new ParameterException(
          spec.commandLine(), "--fail-above " + failAbove + " is no share: expected 0 to 1");
    }
    Plan plan = arguments.plan();
    if (output.equals(FileRun.STANDARD) || isStream(Path.of(output))) {
      if (resume) {
        throw new ParameterException(
            spec.commandLine(), "--resume needs a file as --output, not " + output);
      }
      try (LineOutput lines = stream()) {
        return run(plan, _ -> ResumePoint.start("", Map.of()), (line, _) -> lines.line(line));
      }
    }
    requireAnother();
    JobOutput file = openFile();
    Thread keeper = new Thread(() -> keep(file), "enrich-keeper");
    Runtime.getRuntime().addShutdownHook(keeper);
    try (file) {
      int exitCode =
          run(
              plan,
              models -> file.begin(ResumePoint.start(plan.fingerprint(), models)),
              file::line);
      file.commit();
      return exitCode;
    } finally {
      forget(keeper);
      tellWhatIsLeft(file);
    }
  }

  private JobOutput openFile() {
    try {
      return JobOutput.open(Path.of(output), force, resume, System::nanoTime);
    } catch (IOException e) {
      throw CommandException.failure(
          "cannot write the output beside %s: %s".formatted(output, e), e);
    }
  }

  /** Where the run begins, once it is known which models it has. */
  private interface Beginning {
    ResumePoint of(Map<String, String> models) throws IOException;
  }

  /** Takes the result of a line. */
  private interface Results {
    void line(String result, String chain) throws IOException;
  }

  private int run(Plan plan, Beginning beginning, Results results) throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    Tally tally = new Tally("enrich", Progress.ofProcess(err, System::nanoTime, System.nanoTime()));
    AtomicLong done = new AtomicLong();
    new FileRun(opener, arguments, EnrichmentMetrics.NONE)
        .run(
            standardInput,
            plan,
            models -> {
              ResumePoint from = beginning.of(models);
              done.set(from.lines());
              if (from.lines() > 0) {
                err.println("enrich: going on behind " + from.lines() + " lines with results");
              }
              return new FileRun.Begun(tally, from);
            },
            (id, place, _, outcome) ->
                results.line(
                    outcome instanceof Rejected(var reason, var message)
                        ? error(id, place, reason.name(), message)
                        : JsonOutcome.line(String.valueOf(id), outcome),
                    place.chain()));
    return exitCode(tally, done.get(), err);
  }

  private static String error(
      @Nullable String id, OrderedRun.Place place, String reason, String message) {
    return place.number() == 0
        ? JsonOutcome.error(id, reason, message)
        : JsonOutcome.error(id, place.number(), reason, message);
  }

  /** Results are written all the same. */
  private int exitCode(Tally tally, long before, PrintWriter err) {
    if (tally.documents() == 0) {
      return ExitCode.SUCCESS;
    }
    if (tally.failedShare() == 1 && before == 0) {
      err.println("enrich: no document was enriched; the results say why");
      return ExitCode.FAILURE;
    }
    if (tally.failedShare() > failAbove) {
      err.println(
          String.format(
              Locale.ROOT,
              "enrich: %.1f %% of the documents failed, more than --fail-above %s",
              100 * tally.failedShare(),
              failAbove));
      return ExitCode.FAILURE;
    }
    return ExitCode.SUCCESS;
  }

  /** A pipe or a device: nothing can be lost there, nor resumed. */
  private static boolean isStream(Path file) {
    return Files.exists(file) && !Files.isRegularFile(file);
  }

  private LineOutput stream() throws IOException {
    return output.equals(FileRun.STANDARD)
        ? LineOutput.to(spec.commandLine().getOut())
        : LineOutput.to(Path.of(output));
  }

  private void requireAnother() throws IOException {
    Path in = Path.of(arguments.input());
    Path out = Path.of(output);
    if (Files.exists(out) && Files.exists(in) && Files.isSameFile(in, out)) {
      throw CommandException.usage("--output %s is the input: name another file".formatted(output));
    }
  }

  private void keep(JobOutput file) {
    try {
      file.close();
      tellWhatIsLeft(file);
    } catch (IOException e) {
      // The process is ending; what was kept at the last point is all that is left.
    }
  }

  private void tellWhatIsLeft(JobOutput file) {
    String left = file.left();
    if (!left.isEmpty()) {
      PrintWriter err = spec.commandLine().getErr();
      err.println("enrich: " + left);
      err.flush();
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

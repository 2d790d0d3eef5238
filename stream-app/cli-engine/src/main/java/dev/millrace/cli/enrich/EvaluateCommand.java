package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.EngineOpener;
import dev.millrace.cli.ExitCode;
import dev.millrace.cli.Progress;
import dev.millrace.engine.EngineFactory;
import dev.millrace.enrichment.Plan;
import dev.millrace.enrichment.evaluation.Evaluation;
import dev.millrace.enrichment.evaluation.EvaluationReport;
import dev.millrace.enrichment.evaluation.Reference;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures a model and plan against references. */
@Command(
    name = "evaluate",
    description = "Measures a model and its plan on documents whose answers are known.",
    footer = {
      "",
      "In: {\"id\",\"text\",\"language\",\"reference\":{\"label\",\"summary\","
          + "\"translations\":{\"it\":\"..\"}}};",
      "every part of a reference may be left out. A rejected document counts as wrong.",
      "What a named task should say stands under its name: a label or a text, or for",
      "`choose: any` a list of labels.",
      "Labels: accuracy, top-3, expected calibration error (15 equal bins).",
      "Any number of labels: precision, recall, F1 over all labels of all documents.",
      "Summaries: ROUGE-L, F-measure on lower-cased words, mean over documents, 0..1.",
      "Translations: chrF2 of the corpus as sacrebleu computes it, 0..100."
    })
public final class EvaluateCommand implements Callable<Integer> {
  private final EngineOpener opener;
  private final InputStream standardInput;

  @Spec private CommandSpec spec;

  @Mixin private final RunArguments arguments = new RunArguments();

  @Option(
      names = "--fit-temperature",
      description =
          "Also fit the temperature of each classification on these documents. Use documents that"
              + " are neither trained nor tested on.")
  private boolean fitTemperature;

  @Option(names = "--json", description = "Print one JSON object and nothing else.")
  private boolean json;

  /** The command with the real engine. */
  public EvaluateCommand() {
    this(EngineFactory::open, System.in);
  }

  EvaluateCommand(EngineOpener opener, InputStream standardInput) {
    this.opener = opener;
    this.standardInput = standardInput;
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    Plan plan = arguments.plan();
    Evaluation evaluation = new Evaluation(plan);
    TaskTokens tokens = new TaskTokens();
    AtomicInteger referenced = new AtomicInteger();
    AtomicReference<@Nullable Tally> tally = new AtomicReference<>();
    new FileRun(opener, arguments, tokens)
        .run(
            standardInput,
            evaluation.planToRun(),
            _ -> {
              Tally begun = new Tally("evaluate", Progress.plain(err, System::nanoTime));
              tally.set(begun);
              return new FileRun.Begun(begun, ResumePoint.start("", Map.of()));
            },
            (_, _, line, outcome) -> {
              InputLine.Good good = whole(line);
              if (!good.reference().equals(Reference.NONE)) {
                referenced.incrementAndGet();
              }
              evaluation.add(good.document().language(), good.reference(), outcome);
            });
    @Nullable Tally begun = tally.get();
    if (referenced.get() == 0) {
      throw CommandException.failure(
          "nothing to compare with: no line of %s has a reference, such as"
                  .formatted(arguments.input())
              + " \"reference\":{\"label\":\"..\",\"summary\":\"..\",\"translations\":{..}}");
    }
    EvaluationReport report =
        evaluation.report(fitTemperature, begun == null ? 0 : begun.seconds());
    if (fitTemperature && !report.hasLabels()) {
      throw CommandException.failure(
          "no document of the input has a label of the plan: nothing to fit a temperature on");
    }
    EvaluationPrinter printer = new EvaluationPrinter(report, tokens);
    PrintWriter out = spec.commandLine().getOut();
    out.println(json ? printer.json() : printer.table());
    out.flush();
    return ExitCode.SUCCESS;
  }

  private static InputLine.Good whole(InputLine line) {
    return switch (line) {
      case InputLine.Good good -> good;
      case InputLine.Bad bad ->
          // References of a broken line would be missing from the figures without a trace.
          throw CommandException.failure("cannot evaluate: " + bad.message());
    };
  }
}

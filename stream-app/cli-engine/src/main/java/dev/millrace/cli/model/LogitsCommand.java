package dev.millrace.cli.model;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.ExitCode;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.inspect.ModelProbe;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Computes the logits of given ids, for comparison with other programs. */
@Command(
    name = "logits",
    description = "Computes the logits of given token ids.",
    footer = {
      "",
      "In:  safetensors with I64 input_ids [1, T].",
      "Out: safetensors with F32 logits [T, vocabulary] and, if asked, I64",
      "     greedy_ids [G] that continue the first P ids.",
    })
public final class LogitsCommand implements Callable<Integer> {

  /** Few rows a step, since the logits of all of them are in memory at once. */
  private static final int STEP_ROWS = 64;

  private static final int TELL_EVERY_ROWS = 1_024;

  @Spec private CommandSpec spec;

  @Mixin private final EngineArguments engine = new EngineArguments();

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Directory or .gguf file of the model.")
  private Path model = Path.of("");

  @Option(
      names = "--input",
      required = true,
      paramLabel = "IN.safetensors",
      description = "Token ids.")
  private Path input = Path.of("");

  @Option(
      names = "--output",
      required = true,
      paramLabel = "OUT.safetensors",
      description = "Logits; appears when it is complete.")
  private Path output = Path.of("");

  @Option(names = "--greedy-prompt", paramLabel = "P", description = "Ids to continue.")
  private int greedyPrompt;

  @Option(names = "--greedy-tokens", paramLabel = "G", description = "Ids to add to them.")
  private int greedyTokens;

  @Override
  public Integer call() {
    if ((greedyPrompt > 0) != (greedyTokens > 0) || greedyPrompt < 0 || greedyTokens < 0) {
      throw CommandException.usage(
          String.format(
              Locale.ROOT,
              "--greedy-prompt and --greedy-tokens go together and are positive, got %d and %d",
              greedyPrompt,
              greedyTokens));
    }
    PrintWriter err = spec.commandLine().getErr();
    try (ModelProbe probe = ModelProbe.open(model, engine.options(STEP_ROWS))) {
      BackendInfo backend = probe.backend();
      err.printf(
          Locale.ROOT,
          "logits: %s on %s, %s arithmetic%n",
          model,
          backend.name(),
          backend.arithmetic());
      err.flush();
      probe.logits(input, output, greedyPrompt, greedyTokens, rows -> tell(err, rows));
    }
    return ExitCode.SUCCESS;
  }

  private static void tell(PrintWriter err, int rows) {
    if (rows % TELL_EVERY_ROWS == 0) {
      err.printf(Locale.ROOT, "logits: %,d rows%n", rows);
      err.flush();
    }
  }
}

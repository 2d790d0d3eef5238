package dev.millrace.cli.model;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.cli.CommandException;
import dev.millrace.cli.ExitCode;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.inspect.LogitComparison;
import dev.millrace.engine.inspect.ModelProbe;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Compares a model's logits with what another program computed for the same ids. */
@Command(
    name = "compare",
    description = "Compares a model's logits with those that another program computed.",
    footer = {
      "",
      "In: safetensors with I64 input_ids [1, T], F32 logits [T, vocabulary] and, if a",
      "    prompt is named, I64 greedy_ids [G] that continue its first P ids.",
      "Computes twice, in whole steps and in parts: the bits must be the same. Ends",
      "with 1 if they are not, if the median row or too many rows are farther off than",
      "allowed, or if one of the first --same-tokens differs.",
    })
public final class CompareCommand implements Callable<Integer> {

  private static final int STEP_ROWS = 128;

  @Spec private CommandSpec spec;

  @Mixin private final EngineArguments engine = new EngineArguments();

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Directory or .gguf file of the model.")
  private Path model = Path.of("");

  @Option(
      names = "--expected",
      required = true,
      paramLabel = "FILE.safetensors",
      description = "Ids and logits of the other program.")
  private Path expected = Path.of("");

  @Option(
      names = "--allowed",
      paramLabel = "SHARE",
      defaultValue = "0.02",
      description = {
        "Allowed difference of the median row as a share of the largest logit (default:",
        "${DEFAULT-VALUE}, for operands rounded to bfloat16)."
      })
  private double allowed;

  @Option(
      names = "--far",
      paramLabel = "SHARE",
      defaultValue = "0.05",
      description = "Share beyond which a row is far off (default: ${DEFAULT-VALUE}).")
  private double far;

  @Option(
      names = "--far-rows",
      paramLabel = "N",
      defaultValue = "0",
      description = {
        "Rows that may be far off (default: ${DEFAULT-VALUE}). Rounding tips the choice between two",
        "experts in some rows of a mixture."
      })
  private int farRows;

  @Option(
      names = "--part",
      paramLabel = "N",
      defaultValue = "7",
      description = "Ids of one part (default: ${DEFAULT-VALUE}).")
  private int part;

  @Option(
      names = "--greedy-prompt",
      paramLabel = "P",
      defaultValue = "0",
      description = "Ids that the other program continued; 0 for none (default).")
  private int greedyPrompt;

  @Option(
      names = "--same-tokens",
      paramLabel = "N",
      defaultValue = "0",
      description = "First tokens of the continuation that must be the same (default: none).")
  private int sameTokens;

  @Option(names = "--json", description = "One line of JSON on standard output.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (allowed < 0
        || far < 0
        || farRows < 0
        || part < 1
        || greedyPrompt < 0
        || sameTokens < 0
        || (sameTokens > 0 && greedyPrompt == 0)) {
      throw CommandException.usage(
          "--part is 1 or more, the other numbers are 0 or more, and --same-tokens needs"
              + " --greedy-prompt");
    }
    try (ModelProbe probe = ModelProbe.open(model, engine.options(STEP_ROWS))) {
      LogitComparison found = probe.compare(expected, greedyPrompt, part, far);
      boolean good =
          found.medianShare() <= allowed
              && found.farRows() <= farRows
              && found.rowsWithOtherBits() == 0
              && found.greedySame() >= sameTokens;
      PrintWriter out = spec.commandLine().getOut();
      out.println(json ? json(probe.backend(), found, good) : text(probe.backend(), found, good));
      out.flush();
      return good ? ExitCode.SUCCESS : ExitCode.FAILURE;
    }
  }

  private String text(BackendInfo backend, LogitComparison found, boolean good) {
    return String.format(
        Locale.ROOT,
        "%s: %s on %s, %s: of the largest logit %.3f the median row is off by %.5f (allowed %.5f),"
            + " the worst by %.5f; %d of %d rows are off by more than %.3f (allowed %d);"
            + " %d rows with other bits in parts of %d; %d of %d tokens the same",
        good ? "good" : "NOT GOOD",
        model,
        backend.name(),
        backend.arithmetic(),
        found.largestLogit(),
        found.medianShare(),
        allowed,
        found.share(),
        found.farRows(),
        found.rows(),
        far,
        farRows,
        found.rowsWithOtherBits(),
        found.partRows(),
        found.greedySame(),
        found.greedyTokens());
  }

  private String json(BackendInfo backend, LogitComparison found, boolean good) throws IOException {
    ObjectNode node = new JsonMapper().createObjectNode();
    node.put("good", good)
        .put("backend", backend.name())
        .put("device", backend.device())
        .put("arithmetic", backend.arithmetic())
        .put("rows", found.rows())
        .put("largestDifference", found.largestDifference())
        .put("largestLogit", found.largestLogit())
        .put("share", found.share())
        .put("medianShare", found.medianShare())
        .put("allowedMedianShare", allowed)
        .put("farRows", found.farRows())
        .put("allowedFarRows", farRows)
        .put("partRows", found.partRows())
        .put("rowsWithOtherBits", found.rowsWithOtherBits())
        .put("greedyTokens", found.greedyTokens())
        .put("greedySame", found.greedySame());
    return new JsonMapper().writeValueAsString(node);
  }
}

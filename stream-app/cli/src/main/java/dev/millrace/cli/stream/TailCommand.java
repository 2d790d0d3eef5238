package dev.millrace.cli.stream;

import dev.millrace.cli.Signals;
import dev.millrace.enrichment.Answers;
import dev.millrace.enrichment.JsonOutcome;
import dev.millrace.enrichment.Outcome;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.deploy.SchemaDeployment;
import dev.millrace.operations.outcomes.OutcomeReader;
import dev.millrace.schema.RegistryClient;
import java.io.PrintWriter;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Watches outcomes come out. */
@Command(
    name = "tail",
    description =
        "Prints outcomes from the beginning of the output topics, committed ones only, "
            + "and passes over what others have written there, until "
            + "--max of them or Ctrl-C.")
public final class TailCommand implements Runnable {
  private static final int WIDTH = 100;

  @Spec private CommandSpec spec;
  @Mixin private ConfigOption config;

  @Option(names = "--max", paramLabel = "N", description = "Stop after N outcomes.")
  private long max = Long.MAX_VALUE;

  @Option(
      names = "--json",
      description = "Prints a line of JSON for each, in the form of `enrich`'s output.")
  private boolean json;

  @Override
  public void run() {
    if (max < 1) {
      throw new ParameterException(spec.commandLine(), "--max must be at least 1, got " + max);
    }
    Config settings = config.read();
    AtomicBoolean stopped = new AtomicBoolean();
    Signals.onStop(() -> stopped.set(true));
    PrintWriter out = spec.commandLine().getOut();
    try (RegistryClient registry =
            RegistryClient.create(SchemaDeployment.settings(settings, SchemasCommand.PATIENCE));
        OutcomeReader reader =
            new OutcomeReader(
                settings,
                registry,
                why -> spec.commandLine().getErr().println("millrace: " + why))) {
      long printed = 0;
      while (printed < max && !stopped.get()) {
        for (OutcomeReader.Entry entry : reader.poll(max - printed)) {
          out.println(json ? line(entry) : text(entry));
          printed++;
        }
        out.flush();
      }
    }
  }

  private static String line(OutcomeReader.Entry entry) {
    Outcome outcome = entry.outcome();
    return outcome instanceof Outcome.Rejected(var reason, var message)
        ? JsonOutcome.error(entry.id(), reason.name(), message)
        : JsonOutcome.line(String.valueOf(entry.id()), outcome);
  }

  private static String text(OutcomeReader.Entry entry) {
    String id = shown(entry.id());
    return switch (entry.outcome()) {
      case Outcome.Enriched(var enrichment) ->
          "enriched     %s  %s".formatted(id, cut(enrichment.summary().orElse("")));
      case Outcome.Quarantined(var enrichment) ->
          "quarantined  %s  %s"
              .formatted(id, enrichment.safety().map(TailCommand::unsafe).orElse(""));
      case Outcome.Rejected(var reason, var message) ->
          "rejected     %s  %s: %s".formatted(id, reason, cut(message));
      case Outcome.Deleted _ -> "deleted      " + id;
    };
  }

  /** What was found unsafe, and by which policy: {@code document: S2, S9 (p1)}. */
  private static String unsafe(Answers.Safety safety) {
    return safety.checks().stream()
        .filter(check -> !check.safe())
        .map(check ->
            "%s: %s (%s)"
                .formatted(
                    check.text(), String.join(", ", check.categories()), check.policyVersion()))
        .collect(Collectors.joining("; "));
  }

  private static String shown(@Nullable String id) {
    return id == null ? "-" : id;
  }

  private static String cut(String text) {
    String line = text.replaceAll("\\p{Cntrl}+", " ");
    return line.length() <= WIDTH ? line : line.substring(0, WIDTH - 1) + "…";
  }
}

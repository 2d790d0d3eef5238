package dev.millrace.cli.stream;

import dev.millrace.enrichment.RejectReason;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.deadletter.Redrive;
import dev.millrace.operations.deploy.SchemaDeployment;
import dev.millrace.schema.RegistryClient;
import dev.millrace.streams.config.AppKeys;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Dead letters back to the input topic. */
@Command(
    name = "redrive",
    description = {
      "Copies dead letters back to the input topic, each exactly once, however often",
      "this runs, is killed, or runs twice at once (then the earlier run stops).",
      "Without --reason all but NULL_VALUE are copied: a record without a value has no",
      "document."
    })
public final class RedriveCommand implements Runnable {

  private static final int REDRIVES_MAX = 1000;

  @Spec private CommandSpec spec;
  @Mixin private ConfigOption config;

  @Option(
      names = "--reason",
      paramLabel = "R",
      description =
          "Only dead letters with this reason; may be repeated. One of: ${COMPLETION-CANDIDATES}.")
  private List<RejectReason> chosen = List.of();

  @Option(names = "--max", paramLabel = "N", description = "Copy at most N dead letters.")
  private long max = Long.MAX_VALUE;

  @Option(
      names = "--redrives-max",
      paramLabel = "N",
      defaultValue = "5",
      description =
          "Re-drive no document more than N times, over all runs: what always fails would go round"
              + " for ever (default: ${DEFAULT-VALUE}).")
  private int redrivesMax;

  @Option(names = "--json", description = "Prints the result as a line of JSON.")
  private boolean json;

  @Override
  public void run() {
    if (max < 1) {
      throw new ParameterException(spec.commandLine(), "--max must be at least 1, got " + max);
    }
    if (redrivesMax < 1 || redrivesMax > REDRIVES_MAX) {
      throw new ParameterException(
          spec.commandLine(),
          String.format(
              Locale.ROOT, "--redrives-max must be 1 to %d, got %d", REDRIVES_MAX, redrivesMax));
    }
    Config settings = config.read();
    Set<RejectReason> reasons = EnumSet.allOf(RejectReason.class);
    reasons.remove(RejectReason.NULL_VALUE);
    if (!chosen.isEmpty()) {
      reasons = EnumSet.copyOf(chosen);
    }
    Redrive.Result result;
    try (RegistryClient registry =
        RegistryClient.create(SchemaDeployment.settings(settings, SchemasCommand.PATIENCE))) {
      result =
          new Redrive(settings, settings.get(AppKeys.ID), reasons, max, redrivesMax, registry)
              .run();
    }
    if (json) {
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              "{\"copied\":%d,\"truncated\":%d,\"unreadable\":%d,\"foreign\":%d,"
                  + "\"exhausted\":%d}%n",
              result.copied(),
              result.cutOff(),
              result.unreadable(),
              result.foreign(),
              result.exhausted());
      return;
    }
    spec.commandLine()
        .getOut()
        .printf(
            Locale.ROOT,
            "%d dead letters copied to %s%n",
            result.copied(),
            String.join(
                ", ",
                Input.all(settings).stream()
                    .map(input -> input.topics().documents().toString())
                    .toList()));
    if (result.cutOff() > 0) {
      spec.commandLine()
          .getErr()
          .printf(
              Locale.ROOT,
              "%d passed over: they hold only a part of their document%n",
              result.cutOff());
    }
    if (result.unreadable() > 0) {
      spec.commandLine()
          .getErr()
          .printf(
              Locale.ROOT,
              "%d passed over: not dead letters of this application%n",
              result.unreadable());
    }
    if (result.foreign() > 0) {
      spec.commandLine()
          .getErr()
          .printf(
              Locale.ROOT,
              "%d passed over: they were read from a topic that is no input%n",
              result.foreign());
    }
    if (result.exhausted() > 0) {
      spec.commandLine()
          .getErr()
          .printf(
              Locale.ROOT,
              "%d left where they are: re-driven %d times before; see --redrives-max%n",
              result.exhausted(),
              redrivesMax);
    }
  }
}

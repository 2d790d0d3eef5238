package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.DeviceArguments;
import dev.millrace.engine.EngineOptions;
import dev.millrace.enrichment.Plan;
import dev.millrace.enrichment.PlanException;
import dev.millrace.enrichment.PlanReader;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model, on what, asked what about which documents. */
final class RunArguments {
  @Option(
      names = "--input",
      required = true,
      paramLabel = "IN.jsonl",
      description =
          "The documents, one JSON object on each line, compressed if the name ends in .gz; - for"
              + " standard input.")
  private String input = FileRun.STANDARD;

  @Mixin private final ModelArguments models = new ModelArguments();

  @Option(
      names = "--plan",
      paramLabel = "FILE",
      description = "The plan; without it, " + Plan.FILE_NAME + " beside the model.")
  private @Nullable Path plan;

  /** What {@code --plan} was called at first. */
  @Option(names = "--tasks", hidden = true)
  private @Nullable Path tasks;

  @Mixin private final DeviceArguments device = new DeviceArguments();

  /** Path of the documents, or {@link FileRun#STANDARD}. */
  String input() {
    return input;
  }

  /** Directories of the models that the plan asks, by name, {@code main} first. */
  Map<String, Path> modelDirectories(Plan asked) {
    return models.directories(asked);
  }

  Plan plan() {
    if (plan != null && tasks != null) {
      throw CommandException.usage("--plan and --tasks are the same: give one of them");
    }
    Path file = plan == null ? tasks : plan;
    try {
      return file == null ? PlanReader.beside(models.main()) : PlanReader.read(file);
    } catch (PlanException e) {
      throw CommandException.usage(String.valueOf(e.getMessage()));
    }
  }

  EngineOptions engineOptions() {
    return device.engineOptions();
  }

  String backend() {
    return device.backend();
  }
}

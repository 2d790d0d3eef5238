package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.DeviceArguments;
import dev.millrace.cli.Main;
import dev.millrace.engine.EngineOptions;
import dev.millrace.enrichment.Plan;
import dev.millrace.enrichment.PlanException;
import dev.millrace.enrichment.PlanReader;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model, on what, asked what about which documents. */
final class RunArguments {
  private static final String DEMO_MODEL = "inference-core/models/demo";

  @Option(
      names = "--input",
      required = true,
      paramLabel = "IN.jsonl",
      description = "The documents, one JSON object on each line; - for standard input.")
  private String input = FileRun.STANDARD;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Directory of the model; without it, the bundled demo model.")
  private @Nullable Path model;

  @Option(
      names = "--tasks",
      paramLabel = "FILE",
      description = "The plan; without it, " + Plan.FILE_NAME + " beside the model.")
  private @Nullable Path tasks;

  @Mixin private final DeviceArguments device = new DeviceArguments();

  /** Path of the documents, or {@link FileRun#STANDARD}. */
  String input() {
    return input;
  }

  Path modelDirectory() {
    Path directory = model == null ? Main.home().resolve(DEMO_MODEL) : model;
    if (!Files.isDirectory(directory)) {
      throw CommandException.failure(
          "cannot open the model: %s is no directory; name one with --model".formatted(directory));
    }
    return directory;
  }

  Plan plan() {
    try {
      return tasks == null ? PlanReader.beside(modelDirectory()) : PlanReader.read(tasks);
    } catch (PlanException e) {
      throw CommandException.usage(String.valueOf(e.getMessage()));
    }
  }

  EngineOptions engineOptions() {
    return device.engineOptions();
  }
}

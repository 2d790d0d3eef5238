package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.DeviceArguments;
import dev.millrace.engine.EngineOptions;
import dev.millrace.enrichment.Plan;
import dev.millrace.enrichment.PlanException;
import dev.millrace.enrichment.PlanReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Which model, on what, asked what about which documents. */
final class RunArguments {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--input",
      required = true,
      paramLabel = "IN",
      description = {
        "The documents: JSON Lines, an array of JSON (.json), CSV with a header line (.csv, .tsv),",
        "a text file (.txt, .md) or a directory of them; compressed if the name ends in .gz;",
        "- for standard input."
      })
  private String input = FileRun.STANDARD;

  @Option(
      names = "--input-format",
      paramLabel = "FORMAT",
      description = "What the input is, if its name does not tell: ${COMPLETION-CANDIDATES}.")
  private InputFile.@Nullable Format format;

  @Option(
      names = "--field",
      paramLabel = "FIELD=NAME",
      description = {
        "The key or column of the input that is this field of the document, such as text=body.",
        "Repeatable."
      })
  private final Map<String, String> fields = new LinkedHashMap<>();

  @Option(
      names = "--delimiter",
      paramLabel = "C",
      description = "What stands between two fields of CSV (default: a comma; a tab in .tsv).")
  private @Nullable String delimiter;

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

  /**
   * Opens the documents.
   *
   * @param standardInput read if they are to come from there; not closed
   */
  InputFile inputFile(InputStream standardInput) throws IOException {
    String name = command.name();
    InputFields named =
        new InputFields(
            fields,
            warning -> {
              command.commandLine().getErr().println(name + ": " + warning);
              command.commandLine().getErr().flush();
            });
    return InputFile.open(input, format, delimiter(), named, standardInput);
  }

  private char delimiter() {
    if (delimiter == null) {
      return input.toLowerCase(Locale.ROOT).matches(".*\\.tsv(\\.gz)?") ? '\t' : ',';
    }
    if (delimiter.equals("\\t")) {
      return '\t';
    }
    if (delimiter.length() != 1 || "\"\r\n".contains(delimiter)) {
      throw CommandException.usage(
          "--delimiter must be one character and no quotation mark, such as ; or \\t");
    }
    return delimiter.charAt(0);
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

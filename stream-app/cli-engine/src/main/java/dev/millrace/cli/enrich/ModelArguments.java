package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.Main;
import dev.millrace.cli.ModelPath;
import dev.millrace.enrichment.Plan;
import dev.millrace.enrichment.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** The models that a plan's tasks ask, by name. */
final class ModelArguments {

  /** A name as plans write it; a directory of this form is written {@code ./a=b}. */
  private static final Pattern NAMED = Pattern.compile("([a-z][a-z0-9-]{0,62})=(.+)");

  @Option(
      names = "--model",
      paramLabel = "[NAME=]DIR",
      description = {
        "Directory or .gguf file of the model; without it, the bundled demo model.",
        "Repeatable: NAME=DIR is the model that tasks of the plan ask with `model: NAME`."
      })
  private final List<String> models = new ArrayList<>();

  /** Directories by name, {@value Task#MAIN} first. */
  Map<String, Path> directories() {
    Map<String, Path> directories = new LinkedHashMap<>();
    directories.put(Task.MAIN, Main.demoModel());
    boolean[] main = new boolean[1];
    for (String model : models) {
      Matcher named = NAMED.matcher(model);
      String name = named.matches() ? named.group(1) : Task.MAIN;
      Path directory = Path.of(named.matches() ? named.group(2) : model);
      Path other = directories.put(name, directory);
      if (other != null && (main[0] || !name.equals(Task.MAIN))) {
        throw CommandException.usage(
            "two models are called %s, %s and %s: name all but one with --model NAME=DIR"
                .formatted(name, other, directory));
      }
      main[0] |= name.equals(Task.MAIN);
    }
    directories.forEach(
        (name, path) -> ModelPath.require(name.equals(Task.MAIN) ? "" : name, path));
    return directories;
  }

  /** Directory of the model {@value Task#MAIN}. */
  Path main() {
    return directories().values().iterator().next();
  }

  /**
   * Directories by name, but only if they are those that a plan asks.
   *
   * @throws CommandException before anything is loaded
   */
  Map<String, Path> directories(Plan plan) {
    Map<String, Path> directories = directories();
    for (Task task : plan.tasks()) {
      if (!directories.containsKey(task.model())) {
        throw CommandException.usage(
            "task %s of the plan asks model %s: name it with --model %s=DIR"
                .formatted(task.name(), task.model(), task.model()));
      }
    }
    for (String name : directories.keySet()) {
      if (!name.equals(Task.MAIN) && !plan.models().contains(name)) {
        throw CommandException.usage(
            "no task of the plan asks model %s, but --model names it".formatted(name));
      }
    }
    return directories;
  }
}

package dev.millrace.enrichment;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.millrace.enrichment.Plan.Beyond;
import dev.millrace.enrichment.Plan.Documents;
import dev.millrace.enrichment.Plan.FlawedAnswers;
import dev.millrace.enrichment.Plan.Prices;
import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.Label;
import dev.millrace.enrichment.Task.Screen;
import dev.millrace.enrichment.Task.Screen.Layout;
import dev.millrace.enrichment.Task.Summarise;
import dev.millrace.enrichment.Task.Translate;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads a {@link Plan} from YAML. Strict: an unknown key, a value of the wrong kind or out of
 * bounds is a problem with its line, and all problems are told at once. Owned by the reading
 * thread.
 */
public final class PlanReader {
  private static final long BYTES_MAX = 1 << 20;
  private static final String OTHERS = "others";

  private final List<String> problems = new ArrayList<>();

  private PlanReader() {}

  /** Reads the plan that lies beside a model. */
  public static Plan beside(Path modelDirectory) {
    return read(modelDirectory.resolve(Plan.FILE_NAME));
  }

  /**
   * Reads a plan's file.
   *
   * @throws PlanException if it cannot be read, with every problem found
   */
  public static Plan read(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new PlanException(
            file.toString(),
            List.of(
                "no such file; put %s beside the model or name a plan's file"
                    .formatted(Plan.FILE_NAME)));
      }
      if (Files.size(file) > BYTES_MAX) {
        throw new PlanException(
            file.toString(),
            List.of(
                String.format(
                    Locale.ROOT,
                    "has %d bytes, a plan has at most %d",
                    Files.size(file),
                    BYTES_MAX)));
      }
      return parse(Files.readString(file), file.toString());
    } catch (CharacterCodingException e) {
      throw new PlanException(file.toString(), List.of("is not UTF-8 text"));
    } catch (IOException e) {
      throw new PlanException(file.toString(), List.of("cannot be read: " + e.getMessage()));
    }
  }

  /**
   * Reads a plan.
   *
   * @param yaml its text
   * @param source where it comes from, for messages
   * @throws PlanException with every problem found
   */
  public static Plan parse(String yaml, String source) {
    PlanReader reader = new PlanReader();
    Optional<Plan> plan = reader.plan(yaml);
    if (!reader.problems.isEmpty() || plan.isEmpty()) {
      throw new PlanException(source, reader.problems);
    }
    return plan.get();
  }

  private Optional<Plan> plan(String yaml) {
    YamlNode root;
    try {
      root = YamlNode.parse(yaml, problems);
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      String what = e.getOriginalMessage().lines().findFirst().orElse("unreadable");
      problems.add(String.format(Locale.ROOT, "line %d: is no YAML: %s", line, what));
      return Optional.empty();
    } catch (IOException e) {
      problems.add("is no YAML: " + e.getMessage());
      return Optional.empty();
    }
    if (!(root instanceof YamlNode.Mapping mapping)) {
      problems.add("line 1: must be a mapping, got " + root.kind());
      return Optional.empty();
    }
    YamlSection top = new YamlSection("", mapping, problems);
    String version = top.text("promptVersion");
    if (top.has("promptVersion") && version.isBlank()) {
      top.wrong("promptVersion", "must not be blank");
    }
    String language = language(top, "language", "en");
    String system = top.text("system", "");
    Documents documents = documents(top.section("documents"));
    FlawedAnswers flawed = answers(top.section("answers"));
    Prices prices = prices(top.section("prices"));
    List<Task> tasks = tasks(top);
    top.finish();
    return problems.isEmpty()
        ? built(1, () -> new Plan(version, language, system, documents, flawed, tasks, prices))
        : Optional.empty();
  }

  private static Documents documents(YamlSection section) {
    int tokens = section.integer("tokensMax", 0, Limits.PART_TOKENS);
    int parts = section.integer("partsMax", Documents.DEFAULTS.partsMax(), Limits.PARTS);
    Beyond beyond = section.choice("beyond", Documents.DEFAULTS.beyond());
    section.finish();
    return new Documents(tokens, parts, beyond);
  }

  private static FlawedAnswers answers(YamlSection section) {
    FlawedAnswers flawed = section.choice("flawed", FlawedAnswers.KEEP);
    section.finish();
    return flawed;
  }

  private static Prices prices(YamlSection section) {
    double hour = section.decimal("deviceHourUsd", 0, 0, 1e6);
    double input = section.decimal("apiInputMillionUsd", 0, 0, 1e6);
    double output = section.decimal("apiOutputMillionUsd", 0, 0, 1e6);
    section.finish();
    return new Prices(hour, input, output);
  }

  private List<Task> tasks(YamlSection top) {
    List<Task> tasks = new ArrayList<>();
    YamlSection section = top.section("tasks");
    if (section.has("summarise")) {
      summarise(section.section("summarise")).ifPresent(tasks::add);
    }
    if (section.has("classify")) {
      classify(section.section("classify")).ifPresent(tasks::add);
    }
    List<YamlNode> translations = section.items("translate");
    for (int i = 0; i < translations.size(); i++) {
      String path = String.format(Locale.ROOT, "tasks.translate[%d]", i);
      if (translations.get(i) instanceof YamlNode.Mapping mapping) {
        translate(new YamlSection(path, mapping, problems), tasks);
      } else {
        problems.add(
            String.format(
                Locale.ROOT,
                "line %d: %s must be a mapping, got %s",
                translations.get(i).line(),
                path,
                translations.get(i).kind()));
      }
    }
    if (section.has("screen")) {
      screen(section.section("screen")).ifPresent(tasks::add);
    }
    section.finish();
    if (tasks.isEmpty() && problems.isEmpty()) {
      top.wrong("tasks", "must hold at least one of summarise, classify, translate, screen");
    }
    return tasks;
  }

  private Optional<Summarise> summarise(YamlSection section) {
    String instruction = section.text("instruction");
    String reduce = section.text("reduceInstruction", instruction);
    int tokens = section.integer("tokensMax", null, Limits.TASK_TOKENS);
    section.finish();
    return built(section.line(), () -> new Summarise(instruction, reduce, tokens));
  }

  private Optional<Classify> classify(YamlSection section) {
    String instruction = section.text("instruction");
    double temperature = section.decimal("temperature", 1, 0.001, 1000);
    double abstainBelow = section.decimal("abstainBelow", 0, 0, 1);
    List<Label> labels = labels(section);
    section.finish();
    if (labels.size() < 2) {
      section.wrong("labels", "must be at least 2, got " + labels.size());
      return Optional.empty();
    }
    return built(
        section.line(), () -> new Classify(instruction, labels, temperature, abstainBelow));
  }

  private List<Label> labels(YamlSection section) {
    List<Label> labels = new ArrayList<>();
    Map<String, Integer> lines = new LinkedHashMap<>();
    List<YamlNode> items = section.items("labels");
    for (int i = 0; i < items.size(); i++) {
      YamlNode item = items.get(i);
      Optional<Label> label = label(item, i);
      label.ifPresent(read -> {
        boolean named = isNew("name", read.name(), item.line(), lines);
        boolean scored = isNew("text", read.text(), item.line(), lines);
        if (named && scored) {
          labels.add(read);
        }
      });
    }
    return labels;
  }

  private boolean isNew(String what, String word, int line, Map<String, Integer> lines) {
    @Nullable Integer earlier = lines.putIfAbsent(what + " " + word, line);
    if (earlier != null) {
      problems.add(
          String.format(
              Locale.ROOT,
              "line %d: label %s %s is given twice, first on line %d",
              line,
              what,
              word,
              earlier));
    }
    return earlier == null;
  }

  private Optional<Label> label(YamlNode item, int index) {
    String path = String.format(Locale.ROOT, "tasks.classify.labels[%d]", index);
    return switch (item) {
      case YamlNode.Scalar scalar when !scalar.text().isBlank() ->
          Optional.of(new Label(scalar.text(), scalar.text()));
      case YamlNode.Mapping mapping -> {
        YamlSection section = new YamlSection(path, mapping, problems);
        String name = section.text("name");
        String text = section.text("text", name);
        section.finish();
        yield built(item.line(), () -> new Label(name, text));
      }
      default -> {
        problems.add(
            String.format(
                Locale.ROOT,
                "line %d: %s must be a text or a mapping with name and text",
                item.line(),
                path));
        yield Optional.empty();
      }
    };
  }

  private void translate(YamlSection section, List<Task> tasks) {
    String target = language(section, "to", "");
    Set<String> from = sources(section);
    String instruction = section.text("instruction");
    int tokens = section.integer("tokensMax", null, Limits.TASK_TOKENS);
    double ratio = section.decimal("tokensPerDocumentToken", 0, 0, 100);
    section.finish();
    built(section.line(), () -> new Translate(target, from, instruction, tokens, ratio))
        .ifPresent(task -> {
          for (Task earlier : tasks) {
            if (earlier instanceof Translate other && Plan.overlap(task, other)) {
              section.wrong("to", "is translated to by an earlier entry for the same documents");
            }
          }
          tasks.add(task);
        });
  }

  /** Languages of {@code from}: a list, or the word for all but the target. */
  private static Set<String> sources(YamlSection section) {
    Set<String> from = new LinkedHashSet<>();
    if (section.node("from") instanceof YamlNode.Sequence list) {
      for (YamlNode item : list.items()) {
        String tag = item instanceof YamlNode.Scalar scalar ? scalar.text() : "";
        Language.of(tag)
            .ifPresentOrElse(
                from::add,
                () -> section.wrong("from", "must be language tags, got \"%s\"".formatted(tag)));
      }
      if (list.items().isEmpty()) {
        section.wrong("from", "must not be empty; leave it out or write %s".formatted(OTHERS));
      }
    } else if (!section.text("from", OTHERS).equals(OTHERS)) {
      section.wrong("from", "must be a list of language tags, or the word " + OTHERS);
    }
    return from;
  }

  private Optional<Screen> screen(YamlSection section) {
    Layout layout = section.has("template") ? Layout.TEMPLATE : Layout.INSTRUCTION;
    String prompt = section.text(layout == Layout.TEMPLATE ? "template" : "instruction");
    if (layout == Layout.TEMPLATE && section.has("instruction")) {
      section.wrong("template", "stands beside an instruction; give one of them");
    }
    if (layout == Layout.TEMPLATE && !prompt.contains("{document}")) {
      section.wrong("template", "must contain {document}");
      return Optional.empty();
    }
    String policy = section.text("policyVersion");
    Map<String, String> categories = section.texts("categories");
    if (!categories.isEmpty() && !prompt.contains("{categories}")) {
      section.wrong("categories", "are not used: the prompt lacks {categories}");
    }
    double threshold = section.decimal("threshold", 0.5, 0, 1);
    String safe = section.text("safe", "safe");
    String unsafe = section.text("unsafe", "unsafe");
    int tokens = section.integer("tokensMax", 20, Limits.TASK_TOKENS);
    section.finish();
    return built(
        section.line(),
        () -> new Screen(layout, prompt, policy, categories, threshold, safe, unsafe, tokens));
  }

  private static String language(YamlSection section, String key, String otherwise) {
    if (otherwise.isEmpty() && !section.has(key)) {
      return section.text(key);
    }
    String tag = section.text(key, otherwise);
    Optional<String> language = Language.of(tag);
    if (language.isEmpty()) {
      section.wrong(key, "must be a language tag such as it, got \"%s\"".formatted(tag));
    }
    return language.orElse("en");
  }

  /** A record, or a problem if it refuses its values. */
  private <T> Optional<T> built(int line, Supplier<T> constructor) {
    try {
      return Optional.of(constructor.get());
    } catch (IllegalArgumentException e) {
      problems.add(String.format(Locale.ROOT, "line %d: %s", line, e.getMessage()));
      return Optional.empty();
    }
  }
}

package dev.millrace.enrichment;

import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.ClassifyAny;
import dev.millrace.enrichment.Task.Generate;
import dev.millrace.enrichment.Task.Label;
import dev.millrace.enrichment.Task.Screen;
import dev.millrace.enrichment.Task.Screen.Layout;
import dev.millrace.enrichment.Task.Summarise;
import dev.millrace.enrichment.Task.Translate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads a plan's tasks. Problems are noted and reading goes on. Owned by the reading thread. */
final class TaskReader {
  /** The kinds, as a plan writes them, in the order in which the model is asked. */
  static final String KINDS = "summarise, generate, classify, translate, screen";

  private static final String OTHERS = "others";

  private final List<String> problems;
  private final Map<String, Integer> names = new LinkedHashMap<>();
  private final List<Task> tasks = new ArrayList<>();

  TaskReader(List<String> problems) {
    this.problems = problems;
  }

  /** How many labels of a classification a document may get. */
  private enum Choose {
    ONE,
    ANY
  }

  /** The tasks in a section, kind by kind; the section is finished. */
  List<Task> tasks(YamlSection section) {
    each(section, "summarise", this::summarise);
    each(section, "generate", this::generate);
    each(section, "classify", this::classify);
    each(section, "translate", this::translate);
    if (section.has("screen")) {
      screen(section.section("screen")).ifPresent(tasks::add);
    }
    section.finish();
    return tasks;
  }

  private void each(
      YamlSection section, String kind, Function<YamlSection, Optional<? extends Task>> reader) {
    section.entries(kind).forEach(entry -> reader.apply(entry).ifPresent(tasks::add));
  }

  /**
   * The name of a task.
   *
   * @param unnamed what it is called if it has none; null if it must have one
   */
  private String name(YamlSection section, Class<? extends Task> kind, @Nullable String unnamed) {
    String name = unnamed == null ? section.text("name") : section.text("name", unnamed);
    if (!section.has("name") && unnamed == null) {
      return name;
    }
    Optional<String> fault = TaskNames.fault(name, kind);
    if (fault.isPresent()) {
      section.wrong("name", fault.get());
      return name;
    }
    @Nullable Integer earlier = names.putIfAbsent(name, section.line());
    if (earlier != null) {
      section.wrong(
          "name",
          String.format(
              Locale.ROOT,
              section.has("name")
                  ? "%s is the name of the task on line %d, too"
                  : "is missing: without one it is %s, as the task on line %d",
              name,
              earlier));
    }
    return name;
  }

  private static String model(YamlSection section) {
    String model = section.text("model", Task.MAIN);
    TaskNames.modelFault(model).ifPresent(fault -> section.wrong("model", fault));
    return model;
  }

  private Optional<Summarise> summarise(YamlSection section) {
    String name = name(section, Summarise.class, Summarise.NAME);
    String model = model(section);
    String instruction = section.text("instruction");
    String reduce = section.text("reduceInstruction", instruction);
    int tokens = section.integer("tokensMax", null, Limits.TASK_TOKENS);
    section.finish();
    return section.built(() -> new Summarise(name, model, instruction, reduce, tokens));
  }

  private Optional<Generate> generate(YamlSection section) {
    String name = name(section, Generate.class, null);
    String model = model(section);
    String instruction = section.text("instruction");
    String reduce = section.text("reduceInstruction", instruction);
    int tokens = section.integer("tokensMax", null, Limits.TASK_TOKENS);
    section.finish();
    return section.built(() -> new Generate(name, model, instruction, reduce, tokens));
  }

  private Optional<? extends Task> classify(YamlSection section) {
    return switch (section.choice("choose", Choose.ONE)) {
      case ONE -> classifyOne(section);
      case ANY -> classifyAny(section);
    };
  }

  private Optional<Classify> classifyOne(YamlSection section) {
    String name = name(section, Classify.class, Classify.NAME);
    String model = model(section);
    String instruction = section.text("instruction");
    double temperature = section.decimal("temperature", 1, 0.001, 1000);
    double abstainBelow = section.decimal("abstainBelow", 0, 0, 1);
    List<Label> labels = new LabelReader(problems).labels(section);
    section.finish();
    if (labels.size() < 2) {
      section.wrong("labels", "must be at least 2, got " + labels.size());
      return Optional.empty();
    }
    return section.built(
        () -> new Classify(name, model, instruction, labels, temperature, abstainBelow));
  }

  private Optional<ClassifyAny> classifyAny(YamlSection section) {
    String name = name(section, ClassifyAny.class, null);
    String model = model(section);
    String instruction = section.text("instruction");
    double temperature = section.decimal("temperature", 1, 0.001, 1000);
    double threshold = section.decimal("threshold", 0.5, 0, 1);
    String yes = section.text("yes", "yes");
    String no = section.text("no", "no");
    List<Label> labels = new LabelReader(problems).labels(section);
    section.finish();
    if (labels.isEmpty()) {
      section.wrong("labels", "must be at least 1, got 0");
      return Optional.empty();
    }
    if (section.has("instruction") && !instruction.contains(ClassifyAny.LABEL)) {
      section.wrong("instruction", "must contain " + ClassifyAny.LABEL);
      return Optional.empty();
    }
    return section.has("instruction")
        ? section.built(() ->
            new ClassifyAny(name, model, instruction, labels, temperature, threshold, yes, no))
        : Optional.empty();
  }

  private Optional<Translate> translate(YamlSection section) {
    String model = model(section);
    String target = section.language("to", null);
    Set<String> from = sources(section);
    String instruction = section.text("instruction");
    int tokens = section.integer("tokensMax", null, Limits.TASK_TOKENS);
    double ratio = section.decimal("tokensPerDocumentToken", 0, 0, 100);
    section.finish();
    Optional<Translate> read =
        section.built(() -> new Translate(model, target, from, instruction, tokens, ratio));
    for (Task earlier : tasks) {
      if (earlier instanceof Translate other
          && read.filter(task -> Plan.overlap(task, other)).isPresent()) {
        section.wrong("to", "is translated to by an earlier entry for the same documents");
      }
    }
    return read;
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

  private static Optional<Screen> screen(YamlSection section) {
    String model = model(section);
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
    return section.built(() ->
        new Screen(model, layout, prompt, policy, categories, threshold, safe, unsafe, tokens));
  }
}

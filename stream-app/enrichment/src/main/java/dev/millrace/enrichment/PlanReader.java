package dev.millrace.enrichment;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.millrace.enrichment.Plan.Beyond;
import dev.millrace.enrichment.Plan.Documents;
import dev.millrace.enrichment.Plan.FlawedAnswers;
import dev.millrace.enrichment.Plan.Prices;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Reads a {@link Plan} from YAML. Strict: an unknown key, a value of the wrong kind or out of
 * bounds is a problem with its line, and all problems are told at once. Owned by the reading
 * thread.
 */
public final class PlanReader {
  private static final long BYTES_MAX = 1 << 20;

  private final List<String> problems = new ArrayList<>();

  private PlanReader() {}

  /** Reads the plan that lies in a model's directory, or beside a model that is one file. */
  public static Plan beside(Path model) {
    return read(
        Files.isRegularFile(model)
            ? model.resolveSibling(Plan.FILE_NAME)
            : model.resolve(Plan.FILE_NAME));
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
    String language = top.language("language", "en");
    String system = top.text("system", "");
    Documents documents = documents(top.section("documents"));
    FlawedAnswers flawed = answers(top.section("answers"));
    Prices prices = prices(top.section("prices"));
    List<Task> tasks = new TaskReader(problems).tasks(top.section("tasks"));
    if (tasks.isEmpty() && problems.isEmpty()) {
      top.wrong("tasks", "must hold at least one of " + TaskReader.KINDS);
    }
    top.finish();
    return problems.isEmpty()
        ? top.built(() -> new Plan(version, language, system, documents, flawed, tasks, prices))
        : Optional.empty();
  }

  private Documents documents(YamlSection section) {
    int tokens = section.integer("tokensMax", 0, Limits.PART_TOKENS);
    int parts = section.integer("partsMax", Documents.DEFAULTS.partsMax(), Limits.PARTS);
    Beyond beyond = section.choice("beyond", Documents.DEFAULTS.beyond());
    String template = section.text("template", "");
    section.finish();
    DocumentTemplate around =
        section.built(() -> new DocumentTemplate(template)).orElse(DocumentTemplate.NONE);
    return new Documents(tokens, parts, beyond, around);
  }

  private static FlawedAnswers answers(YamlSection section) {
    FlawedAnswers flawed = section.choice("flawed", FlawedAnswers.KEEP);
    section.finish();
    return flawed;
  }

  private static Prices prices(YamlSection section) {
    OptionalDouble hour = section.decimal("deviceHourUsd", 0, Prices.MAX);
    OptionalDouble input = section.decimal("apiInputMillionUsd", 0, Prices.MAX);
    OptionalDouble output = section.decimal("apiOutputMillionUsd", 0, Prices.MAX);
    section.finish();
    return new Prices(hour, input, output);
  }
}

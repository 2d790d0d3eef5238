package dev.millrace.enrichment;

import dev.millrace.engine.ModelInfo;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.SamplingParams;
import dev.millrace.engine.tokenizer.ChatTemplate;
import dev.millrace.engine.tokenizer.ChatTemplate.Message;
import dev.millrace.engine.tokenizer.ChatTemplate.Turn;
import dev.millrace.engine.tokenizer.Tokenizer;
import dev.millrace.enrichment.Ask.Role;
import dev.millrace.enrichment.Task.Classify;
import dev.millrace.enrichment.Task.Screen;
import dev.millrace.enrichment.Task.Summarise;
import dev.millrace.enrichment.Task.Translate;
import dev.millrace.enrichment.TextSplitter.Part;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * A plan in a model's tokens: from parts of documents to engine requests. A part becomes one
 * request whose prefix is the document and whose branches are the tasks, and a second one if the
 * plan screens with a template of its own. Immutable.
 */
final class PromptBook {
  private static final String SUMMARY_SEPARATOR = "\n";
  private static final int SUMMARIES_SPARE = 8;
  private static final String DOCUMENT = "{document}";
  private static final String CATEGORIES = "{categories}";

  /** Stands for a text where only its surroundings matter. */
  private static final String PLAIN = "x";

  private final Plan plan;
  private final Tokenizer tokenizer;
  private final ChatTemplate template;
  private final TextSplitter splitter;
  private final int partTokensMax;
  private final int overheadTokens;
  private final Map<Task, int[]> suffixes = new LinkedHashMap<>();
  private final Map<Task, List<int[]>> labels = new LinkedHashMap<>();

  /**
   * Prepares what is the same for every document.
   *
   * @throws PlanException if the plan does not fit the model
   */
  PromptBook(Plan plan, ModelInfo model) {
    this.plan = plan;
    tokenizer = model.tokenizer();
    template = model.chatTemplate();
    Turn plain = template.turn(plan.system(), PLAIN, PLAIN);
    overheadTokens = plain.prefix().length - tokenizer.encode(PLAIN).length;
    List<String> problems = new ArrayList<>();
    OptionalInt endOfTurn = endOfTurn(plain, model);
    for (Task task : plan.tasks()) {
      if (!hasOwnPrompt(task)) {
        Turn turn = template.turn(plan.system(), PLAIN, instruction(task));
        suffixes.put(task, turn.suffix());
      }
      try {
        List<String> texts = labelTexts(task);
        if (!texts.isEmpty()) {
          labels.put(task, LabelSet.of(texts, tokenizer, endOfTurn).tokens());
        }
      } catch (IllegalArgumentException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    }
    if (problems.isEmpty()) {
      partTokensMax = partTokensMax(model.contextTokens(), problems);
    } else {
      partTokensMax = 0;
    }
    if (!problems.isEmpty()) {
      throw new PlanException("for model " + model.name(), problems);
    }
    splitter = new TextSplitter(tokenizer, partTokensMax);
  }

  /**
   * A part of a document in tokens.
   *
   * @param part which part
   * @param turns prompt of each task that reads it with others; their prefixes are one array unless
   *     the model's template lets the instruction change what comes before it
   * @param tokens of the part alone
   */
  record PartPrompt(Part part, Map<Task, Turn> turns, int tokens) {}

  /** Tokens of the longest part that is read at once. */
  int partTokensMax() {
    return partTokensMax;
  }

  /** The parts of a text, in order: at most the plan's, so they may not reach its end. */
  List<PartPrompt> parts(String text) {
    if (text.length() / TextSplitter.WINDOW_CHARACTERS_PER_TOKEN <= partTokensMax) {
      PartPrompt whole = prompt(TextSplitter.whole(text));
      if (whole.tokens() <= partTokensMax) {
        return List.of(whole);
      }
    }
    List<PartPrompt> parts = prompts(text, splitter);
    // A template may make more tokens of a text than the text has alone.
    for (int tokens = partTokensMax / 2;
        tokens >= Limits.PART_TOKENS.min && !parts.stream().allMatch(this::fits);
        tokens /= 2) {
      parts = prompts(text, new TextSplitter(tokenizer, tokens));
    }
    return parts;
  }

  private List<PartPrompt> prompts(String text, TextSplitter by) {
    return by.split(text, plan.documents().partsMax()).stream().map(this::prompt).toList();
  }

  private boolean fits(PartPrompt part) {
    return part.tokens() <= partTokensMax;
  }

  /** Requests about one part of a document in a language. */
  List<EngineCall> calls(int number, PartPrompt part, String language) {
    List<EngineCall> own = new ArrayList<>();
    Map<IntBuffer, List<Ask>> shared = new LinkedHashMap<>();
    for (Task task : plan.tasks()) {
      Turn turn = part.turns().get(task);
      if (turn == null) {
        Screen t = (Screen) task;
        int[] prompt = templated(t, part.part().text());
        own.add(new EngineCall(number, prompt, screening(t, new int[0])));
        continue;
      }
      int[] suffix = turn.suffix();
      List<Ask> asks =
          switch (task) {
            case Summarise t -> List.of(text(t, suffix, t.tokensMax()));
            case Classify t -> List.of(scores(t, Role.LABELS, suffix));
            case Translate t when t.appliesTo(language) ->
                List.of(text(t, suffix, t.tokensMax(part.tokens())));
            case Translate _ -> List.of();
            case Screen t -> screening(t, suffix);
          };
      if (!asks.isEmpty()) {
        shared.computeIfAbsent(IntBuffer.wrap(turn.prefix()), _ -> new ArrayList<>()).addAll(asks);
      }
    }
    List<EngineCall> calls = new ArrayList<>();
    shared.forEach((prefix, asks) -> calls.add(new EngineCall(number, prefix.array(), asks)));
    calls.addAll(own);
    return calls;
  }

  /**
   * Consecutive summaries, grouped so that each group fits a request; at least two in each group
   * but perhaps the last, so that every round leaves at most half as many.
   */
  List<List<String>> summaryGroups(List<String> summaries) {
    List<List<String>> groups = new ArrayList<>();
    List<String> group = new ArrayList<>();
    for (String summary : summaries) {
      group.add(summary);
      if (group.size() > 2 && tokenizer.encode(joined(group)).length > partTokensMax) {
        group.removeLast();
        groups.add(List.copyOf(group));
        group.clear();
        group.add(summary);
      }
    }
    groups.add(List.copyOf(group));
    return groups;
  }

  /** The request that makes one summary of several. */
  EngineCall reduceCall(Summarise task, List<String> summaries) {
    Turn turn = template.turn(plan.system(), joined(summaries), task.reduceInstruction());
    return new EngineCall(
        EngineCall.NO_PART, turn.prefix(), List.of(text(task, turn.suffix(), task.tokensMax())));
  }

  private static String joined(List<String> summaries) {
    return String.join(SUMMARY_SEPARATOR, summaries);
  }

  private PartPrompt prompt(Part part) {
    List<Task> tasks = plan.tasks().stream().filter(task -> !hasOwnPrompt(task)).toList();
    if (tasks.isEmpty()) {
      return new PartPrompt(part, Map.of(), tokenizer.encode(part.text()).length);
    }
    List<String> instructions = tasks.stream().map(PromptBook::instruction).toList();
    List<Turn> all = template.turns(plan.system(), part.text(), instructions);
    Map<Task, Turn> turns = new LinkedHashMap<>();
    int tokens = 0;
    for (int i = 0; i < all.size(); i++) {
      Turn turn = all.get(i);
      turns.put(tasks.get(i), turn);
      int longer = Math.max(0, turn.suffix().length - suffix(tasks.get(i)).length);
      tokens = Math.max(tokens, turn.prefix().length - overheadTokens + longer);
    }
    return new PartPrompt(part, turns, tokens);
  }

  /** Whether a task shares no prompt with others. */
  private static boolean hasOwnPrompt(Task task) {
    return task instanceof Screen screen && screen.layout() == Screen.Layout.TEMPLATE;
  }

  private static Ask text(Task task, int[] suffix, int tokensMax) {
    return new Ask(task, Role.TEXT, new Branch.Generate(suffix, tokensMax, SamplingParams.GREEDY));
  }

  private Ask scores(Task task, Role role, int[] suffix) {
    return new Ask(task, role, new Branch.Score(suffix, labels(task)));
  }

  private List<Ask> screening(Screen task, int[] suffix) {
    Ask verdict = scores(task, Role.VERDICT, suffix);
    if (task.categories().isEmpty()) {
      return List.of(verdict);
    }
    Branch naming = new Branch.Generate(suffix, task.tokensMax(), SamplingParams.GREEDY);
    return List.of(verdict, new Ask(task, Role.CATEGORIES, naming));
  }

  private int[] templated(Screen task, String document) {
    String prompt = withCategories(task);
    int at = prompt.indexOf(DOCUMENT);
    String filled = prompt.substring(0, at) + document + prompt.substring(at + DOCUMENT.length());
    List<Message> messages = new ArrayList<>();
    if (!plan.system().isEmpty()) {
      messages.add(new Message("system", plan.system()));
    }
    messages.add(new Message("user", filled));
    return template.encode(messages, true);
  }

  private static String instruction(Task task) {
    return switch (task) {
      case Summarise t -> t.instruction();
      case Classify t -> t.instruction();
      case Translate t -> t.instruction();
      case Screen t -> t.layout() == Screen.Layout.INSTRUCTION ? withCategories(t) : "";
    };
  }

  private static String withCategories(Screen task) {
    String categories =
        task.categories().entrySet().stream()
            .map(category -> category.getKey() + ": " + category.getValue())
            .collect(Collectors.joining("\n"));
    return task.prompt().replace(CATEGORIES, categories);
  }

  private static List<String> labelTexts(Task task) {
    return switch (task) {
      case Classify t -> t.labels().stream().map(Task.Label::text).toList();
      case Screen t -> List.of(t.safeText(), t.unsafeText());
      case Summarise _, Translate _ -> List.of();
    };
  }

  private int[] suffix(Task task) {
    return suffixes.getOrDefault(task, new int[0]);
  }

  private List<int[]> labels(Task task) {
    return labels.getOrDefault(task, List.of());
  }

  private int partTokensMax(int contextTokens, List<String> problems) {
    int available = Integer.MAX_VALUE;
    for (Task task : plan.tasks()) {
      boolean own = hasOwnPrompt(task);
      int before = own ? templated((Screen) task, "").length : overheadTokens;
      int after = own ? 0 : suffix(task).length;
      available = Math.min(available, contextTokens - before - after - answerTokensMax(task));
    }
    int wanted = plan.documents().tokensMax();
    int part = wanted == 0 ? Math.max(available, 0) : wanted;
    if (part > available || part < Limits.PART_TOKENS.min) {
      problems.add(
          String.format(
              Locale.ROOT,
              ("documents.tokensMax: parts of %d tokens are wanted, at least %d; the "
                  + "model's context of"
                  + " %d tokens leaves %d beside the prompts and answers"),
              part,
              Limits.PART_TOKENS.min,
              contextTokens,
              available));
    }
    summarise()
        .filter(_ -> plan.documents().partsMax() > 1)
        .filter(task -> 2 * task.tokensMax() + SUMMARIES_SPARE > part)
        .ifPresent(task ->
            problems.add(
                String.format(
                    Locale.ROOT,
                    ("tasks.summarise.tokensMax: two summaries of %d tokens do not fit a part of %d"
                        + " tokens, so those of a long document cannot be joined"),
                    task.tokensMax(),
                    part)));
    return part;
  }

  private int answerTokensMax(Task task) {
    int scored = labels(task).stream().mapToInt(ids -> ids.length).max().orElse(0);
    return switch (task) {
      case Summarise t -> t.tokensMax();
      case Translate t -> t.tokensMax();
      case Classify _ -> scored;
      case Screen t -> t.categories().isEmpty() ? scored : Math.max(scored, t.tokensMax());
    };
  }

  /** The plan's summary task, if it has one. */
  Optional<Summarise> summarise() {
    return plan.tasks().stream()
        .filter(Summarise.class::isInstance)
        .map(Summarise.class::cast)
        .findFirst();
  }

  /** The stop token that the model's own template ends a turn with. */
  private static OptionalInt endOfTurn(Turn turn, ModelInfo model) {
    for (int id : turn.suffix()) {
      for (int stop : model.stopTokens()) {
        if (id == stop) {
          return OptionalInt.of(id);
        }
      }
    }
    return OptionalInt.empty();
  }
}

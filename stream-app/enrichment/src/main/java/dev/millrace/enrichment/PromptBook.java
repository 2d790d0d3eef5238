package dev.millrace.enrichment;

import dev.millrace.engine.ModelInfo;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.SamplingParams;
import dev.millrace.engine.tokenizer.ChatTemplate;
import dev.millrace.engine.tokenizer.ChatTemplate.Turn;
import dev.millrace.engine.tokenizer.Tokenizer;
import dev.millrace.enrichment.Ask.Role;
import dev.millrace.enrichment.DocumentTemplate.Frame;
import dev.millrace.enrichment.Question.Wording;
import dev.millrace.enrichment.TextSplitter.Part;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A plan's tasks for one model, in that model's tokens: from parts of documents to engine requests.
 * A part becomes one request whose prefix is the document and whose branches are the tasks, and
 * another one for each task that has a prompt of its own. Immutable.
 */
final class PromptBook {
  private static final String TEXT_SEPARATOR = "\n";

  /** Stands for a text where only its surroundings matter. */
  private static final String PLAIN = "x";

  private final Plan plan;
  private final Tokenizer tokenizer;
  private final ChatTemplate template;
  private final TextSplitter splitter;
  private final int overheadTokens;
  private final int partTokensMax;
  private final List<Prepared> questions = new ArrayList<>();

  /**
   * Prepares what is the same for every document.
   *
   * @param plan whose tasks all ask this model
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
      questions.add(prepared(Question.of(task), endOfTurn, problems));
    }
    PartBudget budget = new PartBudget(plan.documents(), model.contextTokens(), overheadTokens);
    partTokensMax = budget.partTokensMax(questions);
    if (problems.isEmpty()) {
      problems.addAll(budget.problems(questions));
    }
    if (!problems.isEmpty()) {
      throw new PlanException("for model " + model.name(), problems);
    }
    splitter = new TextSplitter(tokenizer, partTokensMax);
  }

  private Prepared prepared(Question question, OptionalInt endOfTurn, List<String> problems) {
    List<int[]> suffixes =
        question.instructions().stream()
            .map(instruction -> template.turn(plan.system(), PLAIN, instruction).suffix())
            .toList();
    int ownTokens = suffixes.isEmpty() ? ownPrompt(question, "").length : 0;
    List<int[]> alternatives = List.of();
    List<String> texts = question.alternatives();
    if (!texts.isEmpty()) {
      try {
        alternatives = LabelSet.of(texts, tokenizer, endOfTurn).tokens();
      } catch (IllegalArgumentException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
    }
    return new Prepared(question, suffixes, alternatives, ownTokens);
  }

  /**
   * A question in tokens, as far as it is the same for every document.
   *
   * @param suffixes what follows a plain text, by instruction; none if it has a prompt of its own
   * @param alternatives that are scored
   * @param ownTokens tokens of its own prompt without the document; 0 if it has none
   */
  record Prepared(
      Question question, List<int[]> suffixes, List<int[]> alternatives, int ownTokens) {

    boolean hasOwnPrompt() {
      return suffixes.isEmpty();
    }

    /** Tokens of the longest answer, scored or generated. */
    int answerTokensMax() {
      int scored = alternatives.stream().mapToInt(ids -> ids.length).max().orElse(0);
      return Math.max(scored, question.generatedTokensMax());
    }

    int suffixTokensMax() {
      return suffixes.stream().mapToInt(ids -> ids.length).max().orElse(0);
    }
  }

  /**
   * A part of a document in tokens.
   *
   * @param part which part
   * @param content the part, and what stands around it
   * @param turns by question, in the plan's order, and instruction; their prefixes are one array
   *     unless the model's template lets the instruction change what comes before it
   * @param tokens of the content alone
   */
  record PartPrompt(Part part, String content, List<List<Turn>> turns, int tokens) {}

  /** Tokens of the longest part that is read at once. */
  int partTokensMax() {
    return partTokensMax;
  }

  /** What is found about a document of those parts, by task, in the plan's order. */
  Map<Task, Finding> findings(List<PartPrompt> parts) {
    Map<Task, Finding> findings = new LinkedHashMap<>();
    for (Prepared each : questions) {
      findings.put(each.question().task(), each.question().finding(parts));
    }
    return findings;
  }

  /**
   * The parts of a document's text, in order: at most the plan's, so they may not reach its end.
   * Around each of them stands what the plan's template says.
   *
   * @throws DocumentException {@code TOO_LONG} if that leaves no room for the text
   */
  List<PartPrompt> parts(Document document) {
    String text = document.text();
    Frame frame = plan.documents().template().frame(document);
    if (text.length() / TextSplitter.WINDOW_CHARACTERS_PER_TOKEN <= partTokensMax) {
      PartPrompt whole = prompt(TextSplitter.whole(text), frame);
      if (fits(whole)) {
        return List.of(whole);
      }
    }
    int left = partTokensMax - frameTokens(frame);
    List<PartPrompt> parts =
        prompts(text, frame, frame.isEmpty() ? splitter : new TextSplitter(tokenizer, left));
    // A template may make more tokens of a text than the text has alone.
    for (int tokens = left / 2;
        tokens >= Limits.PART_TOKENS.min && !parts.stream().allMatch(this::fits);
        tokens /= 2) {
      parts = prompts(text, frame, new TextSplitter(tokenizer, tokens));
    }
    return parts;
  }

  private int frameTokens(Frame frame) {
    if (frame.isEmpty()) {
      return 0;
    }
    int tokens = tokenizer.encode(frame.before()).length + tokenizer.encode(frame.after()).length;
    if (partTokensMax - tokens < Limits.PART_TOKENS.min) {
      throw new DocumentException(
          RejectReason.TOO_LONG,
          String.format(
              Locale.ROOT,
              ("what documents.template puts around the text takes %d tokens of the %d that a part"
                  + " has, and leaves fewer than %d: raise documents.tokensMax"),
              tokens,
              partTokensMax,
              Limits.PART_TOKENS.min));
    }
    return tokens;
  }

  private List<PartPrompt> prompts(String text, Frame frame, TextSplitter by) {
    return by.split(text, plan.documents().partsMax()).stream()
        .map(part -> prompt(part, frame))
        .toList();
  }

  private boolean fits(PartPrompt part) {
    return part.tokens() <= partTokensMax;
  }

  /** Requests about one part of a document in a language. */
  List<EngineCall> calls(int number, PartPrompt part, String language) {
    List<EngineCall> own = new ArrayList<>();
    Map<IntBuffer, List<Ask>> shared = new LinkedHashMap<>();
    for (int i = 0; i < questions.size(); i++) {
      Prepared each = questions.get(i);
      if (each.hasOwnPrompt()) {
        Wording wording = new Wording(new int[0], each.alternatives(), part.tokens());
        List<Ask> asks = each.question().asks(0, wording, language);
        own.add(new EngineCall(number, ownPrompt(each.question(), part.content()), asks));
        continue;
      }
      List<Turn> turns = part.turns().get(i);
      for (int turn = 0; turn < turns.size(); turn++) {
        int[] suffix = turns.get(turn).suffix();
        Wording wording = new Wording(suffix, each.alternatives(), part.tokens());
        List<Ask> asks = each.question().asks(turn, wording, language);
        if (!asks.isEmpty()) {
          shared
              .computeIfAbsent(IntBuffer.wrap(turns.get(turn).prefix()), _ -> new ArrayList<>())
              .addAll(asks);
        }
      }
    }
    List<EngineCall> calls = new ArrayList<>();
    shared.forEach((prefix, asks) -> calls.add(new EngineCall(number, prefix.array(), asks)));
    calls.addAll(own);
    return calls;
  }

  /**
   * Consecutive texts, grouped so that each group fits a request; at least two in each group but
   * perhaps the last, so that every round leaves at most half as many.
   */
  List<List<String>> groups(List<String> texts) {
    List<List<String>> groups = new ArrayList<>();
    List<String> group = new ArrayList<>();
    for (String text : texts) {
      group.add(text);
      if (group.size() > 2 && tokenizer.encode(joined(group)).length > partTokensMax) {
        group.removeLast();
        groups.add(List.copyOf(group));
        group.clear();
        group.add(text);
      }
    }
    groups.add(List.copyOf(group));
    return groups;
  }

  /** The request that makes one text of several. */
  EngineCall reduceCall(Task.Written task, List<String> texts) {
    Turn turn = template.turn(plan.system(), joined(texts), task.reduceInstruction());
    Branch branch = new Branch.Generate(turn.suffix(), task.tokensMax(), SamplingParams.GREEDY);
    return new EngineCall(
        EngineCall.NO_PART, turn.prefix(), List.of(new Ask(task, Role.TEXT, 0, branch)));
  }

  private static String joined(List<String> texts) {
    return String.join(TEXT_SEPARATOR, texts);
  }

  private PartPrompt prompt(Part part, Frame frame) {
    String content = frame.around(part.text());
    List<String> instructions =
        questions.stream().flatMap(each -> each.question().instructions().stream()).toList();
    if (instructions.isEmpty()) {
      List<List<Turn>> none = questions.stream().map(_ -> List.<Turn>of()).toList();
      return new PartPrompt(part, content, none, tokenizer.encode(content).length);
    }
    List<Turn> all = template.turns(plan.system(), content, instructions);
    List<List<Turn>> turns = new ArrayList<>();
    int next = 0;
    int tokens = 0;
    for (Prepared each : questions) {
      List<Turn> own = all.subList(next, next + each.suffixes().size());
      next += own.size();
      turns.add(List.copyOf(own));
      for (int i = 0; i < own.size(); i++) {
        int longer = Math.max(0, own.get(i).suffix().length - each.suffixes().get(i).length);
        int prefix = own.get(i).prefix().length;
        tokens = Math.max(tokens, prefix - overheadTokens + longer);
      }
    }
    return new PartPrompt(part, content, turns, tokens);
  }

  private int[] ownPrompt(Question question, String document) {
    return template.encode(question.ownPrompt(plan.system(), document), true);
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

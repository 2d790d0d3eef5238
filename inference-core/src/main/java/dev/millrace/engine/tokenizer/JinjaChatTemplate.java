package dev.millrace.engine.tokenizer;

import dev.millrace.engine.template.Template;
import dev.millrace.engine.template.TemplateException;
import dev.millrace.engine.template.Text;
import dev.millrace.engine.template.Value;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * Runs a model's own Jinja template on the real contents. What it prints remembers which characters
 * came from contents: these are tokenised as text, the template's own with special tokens. So a
 * template may look into contents and change them, and still no content becomes a special token.
 *
 * <p>Templates that ask for the date get one fixed date, so that a prompt does not change
 * overnight. Thread-safe.
 */
public final class JinjaChatTemplate implements ChatTemplate {

  private static final int PIECES_MAX = 512;
  private static final int PIECE_CHARACTERS_MAX = 10_000;

  /** Contents that no template has a reason to treat in a way of their own. */
  private static final String PLAIN_DOCUMENT = "Some lines of text, to see where they go.";

  /** Where these are, an answer has several messages, and what ends one does not end the turn. */
  private static final List<String> MESSAGE_ENDS = List.of("<|return|>", "<|call|>");

  private static final String PLAIN_INSTRUCTION = "Another line that follows them.";

  private final Path file;
  private final Tokenizer tokenizer;
  private final Template template;
  private final Map<String, Value> tokens = new LinkedHashMap<>();
  private final Map<String, int[]> templatePieces = new ConcurrentHashMap<>();
  private final Map<String, int[]> instructions = new ConcurrentHashMap<>();

  /**
   * A message whose content is of several origins.
   *
   * @param role who speaks
   * @param contents that make up the content, one after the other
   */
  private record Turned(String role, List<String> contents) {}

  private JinjaChatTemplate(ChatTemplateFile source, Tokenizer tokenizer) {
    this.file = source.file();
    this.tokenizer = tokenizer;
    source.tokens().forEach((name, token) -> tokens.put(name, Text.of(token)));
    try {
      this.template = Template.parse(source.template());
    } catch (TemplateException e) {
      throw refused(e);
    }
    requireOrder(render(List.of(user(PLAIN_DOCUMENT, PLAIN_INSTRUCTION)), true), 0);
  }

  /**
   * Finds a model directory's template: {@code chat_template.jinja}, {@code tokenizer_config.json},
   * {@code chat_template.json}, or else the layout of the family its special tokens belong to.
   *
   * @throws TokenizerException if there is none or it cannot be run
   */
  public static JinjaChatTemplate open(Path directory, Tokenizer tokenizer) {
    return new JinjaChatTemplate(ChatTemplateFile.read(directory, tokenizer), tokenizer);
  }

  @Override
  public int[] encode(List<Message> messages, boolean generationPrompt) {
    List<Turned> turned = new ArrayList<>();
    for (Message message : messages) {
      if (!message.role().matches("[a-z][a-z_]{0,30}")) {
        throw new IllegalArgumentException(
            "a role is a lower-case word, got \"" + message.role() + "\"");
      }
      turned.add(new Turned(message.role(), List.of(message.content())));
    }
    return ids(render(turned, generationPrompt).text(), -2);
  }

  @Override
  public List<Turn> turns(String system, String shared, List<String> varying) {
    List<Turned> before =
        system.isEmpty() ? List.of() : List.of(new Turned("system", List.of(system)));
    int document = before.size();
    List<Text> prefixes = new ArrayList<>();
    List<Turn> turns = new ArrayList<>();
    for (String instruction : varying) {
      List<Turned> all = new ArrayList<>(before);
      all.add(user(shared, instruction));
      RenderedPrompt prompt = render(all, true);
      int cut = requireOrder(prompt, document);
      Text text = prompt.text();
      Text prefix = text.sub(0, cut);
      Text suffix = text.sub(cut, text.string().length());
      int same =
          IntStream.range(0, turns.size())
              .filter(i -> isSame(prefixes.get(i), prefix))
              .findFirst()
              .orElse(-1);
      int[] prefixIds = same < 0 ? ids(prefix, -2) : turns.get(same).prefix();
      prefixes.add(prefix);
      turns.add(new Turn(prefixIds, ids(suffix, document + 1)));
    }
    return turns;
  }

  private static boolean isSame(Text one, Text other) {
    return one.equals(other) && one.runs().equals(other.runs());
  }

  /**
   * Ids that end a turn: the {@code eos_token} of the tokenizer's configuration, and the special
   * token that the template puts behind an answer. Not all models name them where generation looks
   * for them.
   */
  public List<Integer> stopTokens() {
    List<Integer> stops = new ArrayList<>();
    Value named = tokens.get("eos_token");
    if (named instanceof Text text) {
      tokenizer.specialToken(text.string()).ifPresent(stops::add);
    }
    endOfTurn().ifPresent(stops::add);
    return stops.stream().distinct().toList();
  }

  private OptionalInt endOfTurn() {
    if (MESSAGE_ENDS.stream().allMatch(token -> tokenizer.specialToken(token).isPresent())) {
      return OptionalInt.empty();
    }
    Turned answer = new Turned("assistant", List.of(PLAIN_DOCUMENT));
    RenderedPrompt prompt;
    try {
      prompt = render(List.of(new Turned("user", List.of(PLAIN_INSTRUCTION)), answer), false);
    } catch (TokenizerException e) {
      return OptionalInt.empty();
    }
    StringBuilder behind = new StringBuilder();
    RenderedPrompt.pieces(
        prompt.text(),
        (piece, source) -> {
          if (source == RenderedPrompt.TEMPLATE) {
            behind.append(piece);
          } else {
            behind.setLength(0);
          }
        });
    int[] ids = tokenizer.encodeWithSpecialTokens(behind.toString().strip());
    return ids.length > 0 && tokenizer.decode(Arrays.copyOf(ids, 1)).isEmpty()
        ? OptionalInt.of(ids[0])
        : OptionalInt.empty();
  }

  private static Turned user(String shared, String varying) {
    return new Turned("user", List.of(shared, varying));
  }

  private int requireOrder(RenderedPrompt prompt, int document) {
    int cut = prompt.cut(document, document + 1);
    if (cut < 0) {
      throw new TokenizerException(
          file, "its chat template does not print the content of each message once and in order");
    }
    return cut;
  }

  // ---- rendering

  /**
   * Templates take contents as text. Some multimodal ones take only a list of typed parts: they
   * fail with text, or print nothing of it.
   */
  private RenderedPrompt render(List<Turned> messages, boolean generationPrompt) {
    TokenizerException problem;
    try {
      RenderedPrompt prompt = render(messages, generationPrompt, false);
      Optional<String> lacking = lacking(prompt, messages);
      if (lacking.isEmpty()) {
        return prompt;
      }
      problem = leftOut(lacking.get());
      if (!prompt.text().runs().isEmpty()) {
        throw problem;
      }
    } catch (TemplateException e) {
      problem = refused(e);
    }
    try {
      RenderedPrompt prompt = render(messages, generationPrompt, true);
      if (lacking(prompt, messages).isEmpty()) {
        return prompt;
      }
    } catch (TemplateException e) {
      problem.addSuppressed(e);
    }
    throw problem;
  }

  private RenderedPrompt render(List<Turned> messages, boolean generationPrompt, boolean parts) {
    List<Value> values = new ArrayList<>();
    int source = 0;
    long characters = 0;
    for (Turned message : messages) {
      Text content = Text.of("");
      for (String each : message.contents()) {
        content = content.plus(Text.content(each, source++));
        characters += each.length();
      }
      Value part = Value.of(inOrder("type", Text.of("text"), "text", content));
      values.add(
          Value.of(
              inOrder(
                  "role",
                  Text.of(message.role()),
                  "content",
                  parts ? Value.of(List.of(part)) : content)));
    }
    Map<String, Value> variables = new LinkedHashMap<>(tokens);
    variables.put("messages", Value.of(values));
    variables.put("tools", Value.of(null));
    variables.put("documents", Value.of(null));
    variables.put("add_generation_prompt", Value.of(generationPrompt));
    return new RenderedPrompt(template.render(variables, characters));
  }

  private static Map<String, Value> inOrder(String key, Value value, String next, Value after) {
    Map<String, Value> map = new LinkedHashMap<>();
    map.put(key, value);
    map.put(next, after);
    return map;
  }

  /**
   * Whose text a prompt lacks, of the system's and the user's: nothing of a document is left out
   * silently. Of earlier answers, templates leave out thoughts on purpose.
   */
  private static Optional<String> lacking(RenderedPrompt prompt, List<Turned> messages) {
    int source = 0;
    for (Turned message : messages) {
      boolean needed = message.role().equals("system") || message.role().equals("user");
      for (String content : message.contents()) {
        if (needed && !prompt.holds(source, content)) {
          return Optional.of(message.role());
        }
        source++;
      }
    }
    return Optional.empty();
  }

  private TokenizerException leftOut(String role) {
    return new TokenizerException(
        file,
        String.format(
            Locale.ROOT,
            "its chat template does not print the content of each message once and in order: it"
                + " leaves out some of what the %s says",
            role));
  }

  private TokenizerException refused(TemplateException e) {
    return new TokenizerException(
        file,
        String.format(
            Locale.ROOT, "its chat template fails in line %d: %s", e.line(), e.getMessage()),
        e);
  }

  // ---- ids

  /**
   * Ids of a stretch of a prompt.
   *
   * @param repeated content that comes again and again, so that its ids are kept
   */
  private int[] ids(Text text, int repeated) {
    List<int[]> parts = new ArrayList<>();
    RenderedPrompt.pieces(
        text,
        (piece, source) ->
            parts.add(
                source == RenderedPrompt.TEMPLATE
                    ? kept(templatePieces, piece, true)
                    : source == repeated
                        ? kept(instructions, piece, false)
                        : tokenizer.encode(piece)));
    int[] all = new int[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (int[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  private int[] kept(Map<String, int[]> ids, String piece, boolean special) {
    int[] known = ids.get(piece);
    if (known != null) {
      return known;
    }
    int[] fresh = special ? tokenizer.encodeWithSpecialTokens(piece) : tokenizer.encode(piece);
    if (ids.size() < PIECES_MAX && piece.length() <= PIECE_CHARACTERS_MAX) {
      ids.put(piece, Arrays.copyOf(fresh, fresh.length));
    }
    return fresh;
  }
}

package dev.millrace.engine.tokenizer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs a model's own Jinja template, but never on real content: the template is rendered with a
 * mark in place of each message's content, the result is cut at the marks, and the pieces between
 * are tokenised with special tokens, the contents without. Whether the template trims contents
 * shows in what it did to whitespace around the mark, and is then done to the real content.
 *
 * <p>Templates that ask for the date get one fixed date, so that a prompt does not change
 * overnight. Thread-safe.
 */
public final class JinjaChatTemplate implements ChatTemplate {

  /** The date Llama 3.1's own templates fall back to. */
  static final String DATE = "26 Jul 2024";

  private static final int SHAPES_MAX = 64;
  private static final char OPEN = '\ue0fe';
  private static final char CLOSE = '\ue0ff';

  /** Whitespace that every trim removes and no template prints. */
  private static final char SPACE = '\u000b';

  private final Path file;
  private final Tokenizer tokenizer;
  private final TemplateRenderer renderer;
  private final Map<String, String> tokens;
  private final Map<Shape, Rendered> shapes = new ConcurrentHashMap<>();

  /** What a rendering depends on, contents aside. */
  private record Shape(List<String> roles, boolean generationPrompt) {}

  /** Token ids before, between and after the contents; what is trimmed off each content. */
  private record Rendered(List<int[]> pieces, List<Trim> trims) {}

  private record Trim(boolean leading, boolean trailing) {}

  private JinjaChatTemplate(ChatTemplateFile source, Tokenizer tokenizer) {
    this.file = source.file();
    this.tokenizer = tokenizer;
    this.tokens = source.tokens();
    if (source.template().indexOf(OPEN) >= 0 || source.template().indexOf(SPACE) >= 0) {
      throw new TokenizerException(
          file, "its chat template contains U+E0FE or U+000B, which Millrace uses as marks");
    }
    this.renderer = new TemplateRenderer(file, source.template());
    rendered(new Shape(List.of("user"), true));
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
    List<String> roles = messages.stream().map(Message::role).toList();
    Rendered rendered = rendered(new Shape(roles, generationPrompt));
    List<int[]> parts = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      parts.add(rendered.pieces().get(i));
      Trim trim = rendered.trims().get(i);
      parts.add(tokenizer.encode(strip(messages.get(i).content(), trim)));
    }
    parts.add(rendered.pieces().getLast());
    return concatenate(parts);
  }

  @Override
  public int[] prefix(String system, String shared) {
    Rendered bare = rendered(new Shape(List.of("user"), true));
    if (system.isEmpty()) {
      return concatenate(List.of(bare.pieces().getFirst(), leading(bare, shared)));
    }
    Rendered full = rendered(new Shape(List.of("system", "user"), true));
    if (!Arrays.equals(full.pieces().getLast(), bare.pieces().getLast())) {
      throw new TokenizerException(
          file, "its chat template ends a user's turn differently after a system message");
    }
    return concatenate(
        List.of(
            full.pieces().get(0),
            tokenizer.encode(strip(system, full.trims().get(0))),
            full.pieces().get(1),
            leading(full, shared)));
  }

  @Override
  public int[] suffix(String varying) {
    Rendered bare = rendered(new Shape(List.of("user"), true));
    boolean trailing = bare.trims().getLast().trailing();
    return concatenate(
        List.of(
            tokenizer.encode(strip(varying, new Trim(false, trailing))), bare.pieces().getLast()));
  }

  /** The shared part begins the user's content, so only its beginning may be trimmed. */
  private int[] leading(Rendered rendered, String shared) {
    return tokenizer.encode(strip(shared, new Trim(rendered.trims().getLast().leading(), false)));
  }

  // ---- rendering

  private Rendered rendered(Shape shape) {
    Rendered known = shapes.get(shape);
    if (known != null) {
      return known;
    }
    for (String role : shape.roles()) {
      if (!role.matches("[a-z][a-z_]{0,30}")) {
        throw new IllegalArgumentException("a role is a lower-case word, got \"" + role + "\"");
      }
    }
    Rendered rendered = cut(shape, text(shape));
    if (shapes.size() < SHAPES_MAX) {
      shapes.put(shape, rendered);
    }
    return rendered;
  }

  /** Templates take contents as text or, some multimodal ones, only as a list of typed parts. */
  private String text(Shape shape) {
    String asText = "";
    TokenizerException failure = null;
    try {
      asText = renderer.render(variables(shape, false));
      if (holdsMarks(shape, asText)) {
        return asText;
      }
    } catch (TokenizerException e) {
      failure = e;
    }
    try {
      String asParts = renderer.render(variables(shape, true));
      if (holdsMarks(shape, asParts)) {
        return asParts;
      }
    } catch (TokenizerException e) {
      if (failure == null) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
    throw new TokenizerException(
        file,
        "its chat template does not print the content of each message once and in order (roles %s)"
            .formatted(shape.roles()));
  }

  private Map<String, Object> variables(Shape shape, boolean parts) {
    List<Map<String, Object>> messages = new ArrayList<>();
    for (int i = 0; i < shape.roles().size(); i++) {
      String content = SPACE + mark(i) + SPACE;
      messages.add(
          ordered(
              "role",
              shape.roles().get(i),
              "content",
              parts ? List.of(ordered("type", "text", "text", content)) : content));
    }
    Map<String, Object> variables = new LinkedHashMap<>(tokens);
    variables.put("messages", messages);
    variables.put("add_generation_prompt", shape.generationPrompt());
    variables.put("date_string", DATE);
    return variables;
  }

  /** A template may print a message's keys, so they have the order in which Python has them. */
  private static Map<String, Object> ordered(
      String first, Object value, String second, Object other) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(first, value);
    map.put(second, other);
    return map;
  }

  private static String mark(int index) {
    return OPEN + Integer.toString(index) + CLOSE;
  }

  private static boolean holdsMarks(Shape shape, String text) {
    int from = 0;
    for (int i = 0; i < shape.roles().size(); i++) {
      int at = text.indexOf(mark(i), from);
      if (at < 0) {
        return false;
      }
      from = at + mark(i).length();
    }
    return text.chars().filter(c -> c == OPEN).count() == shape.roles().size();
  }

  private Rendered cut(Shape shape, String text) {
    List<int[]> pieces = new ArrayList<>();
    List<Trim> trims = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < shape.roles().size(); i++) {
      int at = text.indexOf(mark(i), from);
      int after = at + mark(i).length();
      boolean leading = at == from || text.charAt(at - 1) != SPACE;
      boolean trailing = after == text.length() || text.charAt(after) != SPACE;
      pieces.add(piece(text.substring(from, leading ? at : at - 1)));
      trims.add(new Trim(leading, trailing));
      from = trailing ? after : after + 1;
    }
    pieces.add(piece(text.substring(from)));
    return new Rendered(pieces, trims);
  }

  private int[] piece(String text) {
    return tokenizer.encodeWithSpecialTokens(text);
  }

  // ---- contents

  private static String strip(String content, Trim trim) {
    int from = 0;
    int to = content.length();
    while (trim.leading() && from < to && isSpace(content.charAt(from))) {
      from++;
    }
    while (trim.trailing() && to > from && isSpace(content.charAt(to - 1))) {
      to--;
    }
    return content.substring(from, to);
  }

  /** What Python's {@code strip} removes, since templates are written for it. */
  private static boolean isSpace(char character) {
    return Character.isWhitespace(character)
        || Character.isSpaceChar(character)
        || character == '\u0085';
  }

  private static int[] concatenate(List<int[]> parts) {
    int[] all = new int[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (int[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }
}

package dev.millrace.engine.gguf;

import dev.millrace.engine.gguf.GgufException.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The vocabulary of a file, checked: byte-level, with merges.
 *
 * @param tokens texts as stored, by id
 * @param types what each is
 * @param merges pairs of tokens, the most urgent first
 * @param splitting name of the rule that splits text before merges
 * @param named ids by the part that they have, such as {@code bos}
 */
public record GgufVocabulary(
    List<String> tokens,
    List<TokenType> types,
    List<String> merges,
    String splitting,
    Map<String, Integer> named) {

  private static final String PREFIX = "tokenizer.ggml.";

  /** Parts a token can have; the fourth is spelled so in files. */
  private static final List<String> PARTS =
      List.of("bos", "eos", "unknown", "seperator", "padding", "eot", "eom");

  /** What ends a generation by its spelling, whatever the metadata name. */
  private static final Set<String> ENDS =
      Set.of(
          "<|eot_id|>",
          "<|im_end|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<|endoftext|>",
          "<|end_of_text|>",
          "<|eom_id|>",
          "<end_of_turn>",
          "</s>");

  /** What a token is. */
  public enum TokenType {
    NORMAL(1),
    UNKNOWN(2),
    CONTROL(3),
    USER_DEFINED(4),
    UNUSED(5),
    BYTE(6);

    private final int number;

    TokenType(int number) {
      this.number = number;
    }

    private static TokenType of(int number) {
      return Arrays.stream(values())
          .filter(type -> type.number == number)
          .findFirst()
          .orElseThrow();
    }
  }

  /** Copies the collections. */
  public GgufVocabulary {
    tokens = List.copyOf(tokens);
    types = List.copyOf(types);
    merges = List.copyOf(merges);
    named = Collections.unmodifiableMap(new LinkedHashMap<>(named));
  }

  /**
   * Reads and checks it.
   *
   * @throws GgufException if it is of a kind that is not supported, or contradicts itself
   */
  public static GgufVocabulary read(GgufFile file) {
    return new Reader(file).vocabulary();
  }

  /** Ids that end a generation, ascending: those that are named so, and those spelled so. */
  public List<Integer> ends() {
    TreeSet<Integer> ends = new TreeSet<>();
    for (String part : List.of("eos", "eot", "eom")) {
      if (named.containsKey(part)) {
        ends.add(named.get(part));
      }
    }
    // where these are, an answer has several messages, and <|end|> ends one of them only
    boolean messages = tokens.contains("<|return|>") && tokens.contains("<|call|>");
    for (int id = 0; id < tokens.size(); id++) {
      String token = tokens.get(id);
      boolean control =
          types.get(id) == TokenType.CONTROL || types.get(id) == TokenType.USER_DEFINED;
      if (control && ENDS.contains(token) && !(messages && token.equals("<|end|>"))) {
        ends.add(id);
      }
    }
    return List.copyOf(ends);
  }

  /** Reads one file's keys. */
  private record Reader(GgufFile file) {

    GgufVocabulary vocabulary() {
      GgufMetadata metadata = file.metadata();
      String model = text("model", "gpt2");
      if (!model.equals("gpt2")) {
        throw refuse(
            "model",
            "\"gpt2\" (byte-level pairs); SentencePiece and other vocabularies are not supported",
            model);
      }
      String splitting = text("pre", "the name of a splitting rule");
      List<String> tokens = metadata.texts(PREFIX + "tokens");
      if (tokens.isEmpty()) {
        throw refuse("tokens", "the vocabulary", "none");
      }
      Map<String, Integer> ids = ids(tokens);
      if (metadata.flag(PREFIX + "add_space_prefix", false)) {
        throw refuse("add_space_prefix", "false for a byte-level vocabulary", "true");
      }
      return new GgufVocabulary(
          tokens, types(tokens.size()), merges(ids), splitting, named(tokens.size()));
    }

    private String text(String key, String expected) {
      return file.metadata()
          .text(PREFIX + key)
          .orElseThrow(() -> refuse(key, expected, "nothing; it is never guessed"));
    }

    private Map<String, Integer> ids(List<String> tokens) {
      Map<String, Integer> ids = new HashMap<>();
      for (int id = 0; id < tokens.size(); id++) {
        Integer other = ids.put(tokens.get(id), id);
        if (other != null) {
          throw refuse(
              "tokens",
              "every token once",
              String.format(Locale.ROOT, "\"%s\" as %d and as %d", tokens.get(id), other, id));
        }
      }
      return ids;
    }

    private List<TokenType> types(int tokens) {
      if (!file.metadata().has(PREFIX + "token_type")) {
        return Collections.nCopies(tokens, TokenType.NORMAL);
      }
      List<TokenType> types = new ArrayList<>();
      for (int type : file.metadata().integers(PREFIX + "token_type", 1, TokenType.BYTE.number)) {
        types.add(TokenType.of(type));
      }
      if (types.size() != tokens) {
        throw refuse(
            "token_type",
            String.format(Locale.ROOT, "one for each of %,d tokens", tokens),
            Integer.toString(types.size()));
      }
      return types;
    }

    private List<String> merges(Map<String, Integer> ids) {
      if (!file.metadata().has(PREFIX + "merges")) {
        throw refuse("merges", "a list", "nothing");
      }
      List<String> merges = file.metadata().texts(PREFIX + "merges");
      for (String merge : merges) {
        int space = merge.indexOf(' ', 1);
        String left = space < 0 ? "" : merge.substring(0, space);
        String right = space < 0 ? "" : merge.substring(space + 1);
        if (!ids.containsKey(left) || !ids.containsKey(right) || !ids.containsKey(left + right)) {
          throw refuse(
              "merges", "two tokens of the vocabulary that make a third", '"' + merge + '"');
        }
      }
      return merges;
    }

    private Map<String, Integer> named(int tokens) {
      Map<String, Integer> named = new LinkedHashMap<>();
      for (String part : PARTS) {
        String key = part + "_token_id";
        try {
          file.metadata().integer(PREFIX + key, 0, tokens - 1).ifPresent(id -> named.put(part, id));
        } catch (GgufException e) {
          throw new GgufException(Kind.TOKENIZER, file.path(), String.valueOf(e.getMessage()), e);
        }
      }
      return named;
    }

    private GgufException refuse(String key, String expected, String found) {
      return new GgufException(
          Kind.TOKENIZER,
          file.path(),
          "metadata %s%s: expected %s, found %s"
              .formatted(
                  PREFIX,
                  key,
                  expected,
                  found.length() <= 80 ? found : found.substring(0, 80) + "…"));
    }
  }
}

package dev.millrace.engine.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Whether plain text can become the id of a special token by way of the model itself. Most files
 * have their special tokens in the model's vocabulary, where no text comes to them: what cannot be
 * merged together stays apart. Where it can, the tokenizers library gives the special token's id
 * for plain text: {@link TokenizerFile} must not take such a token for a control token.
 *
 * <p>Three ways lead to an entry of the vocabulary: it is a single character; merges make it, which
 * they do if they make it out of its own characters, since what stands around it has no part in it;
 * or, with {@code ignore_merges}, it is one whole word of the pre-tokenizer. Immutable.
 */
final class SpecialTokenReach {

  /** Neighbours that a word is tried beside. */
  private static final List<String> NEIGHBOURS = List.of("", " ", "a", "\n", "1", ".");

  private final Path file;
  private final ObjectNode model;
  private final JsonNode preTokenizer;
  private final boolean byteLevel;

  /**
   * Prepares the question.
   *
   * @param file for messages
   * @param model as {@link TokenizerRules#model} gives it
   * @param preTokenizer as {@link TokenizerRules#preTokenizer} gives it
   */
  SpecialTokenReach(Path file, ObjectNode model, JsonNode preTokenizer) {
    this.file = file;
    this.model = model;
    this.preTokenizer = preTokenizer;
    this.byteLevel = preTokenizer.findValuesAsText("type").contains("ByteLevel");
  }

  /**
   * A way from text to an entry of the vocabulary.
   *
   * @param entry as stored
   * @param why how text comes to it
   */
  record Way(String entry, String why) {}

  /** The ways to those of these entries that text can become. */
  List<Way> find(Set<String> entries) {
    Set<String> spellable = new LinkedHashSet<>(entries);
    if (byteLevel) {
      spellable.removeIf(entry -> !ByteLevel.isStored(entry));
    }
    List<Way> ways = new ArrayList<>();
    for (String entry : spellable) {
      if (entry.codePointCount(0, entry.length()) == 1) {
        ways.add(new Way(entry, "a single character"));
      }
    }
    Set<String> merged = resultsOfMerges(spellable);
    if (!merged.isEmpty()) {
      Map<List<String>, Integer> ranks = ranks();
      for (String entry : merged) {
        if (merge(entry, ranks).size() == 1) {
          ways.add(new Way(entry, "which the merges make"));
        }
      }
    }
    ways.forEach(way -> spellable.remove(way.entry()));
    if (model.path("ignore_merges").booleanValue() && !spellable.isEmpty()) {
      ways.addAll(wholeWords(new ArrayList<>(spellable)));
    }
    return ways;
  }

  private Set<String> resultsOfMerges(Set<String> entries) {
    Set<Integer> lengths = new LinkedHashSet<>();
    entries.forEach(entry -> lengths.add(entry.length()));
    Set<String> found = new LinkedHashSet<>();
    for (JsonNode merge : model.path("merges")) {
      String left = merge.path(0).textValue();
      String right = merge.path(1).textValue();
      if (lengths.contains(left.length() + right.length()) && entries.contains(left + right)) {
        found.add(left + right);
      }
    }
    return found;
  }

  private Map<List<String>, Integer> ranks() {
    Map<List<String>, Integer> ranks = new LinkedHashMap<>();
    for (JsonNode merge : model.path("merges")) {
      ranks.put(List.of(merge.path(0).textValue(), merge.path(1).textValue()), ranks.size());
    }
    return ranks;
  }

  /** Byte-pair encoding as in the books: the lowest rank first, of equal ones the leftmost. */
  private List<String> merge(String entry, Map<List<String>, Integer> ranks) {
    List<String> symbols = new ArrayList<>();
    entry.codePoints().mapToObj(Character::toString).forEach(symbols::add);
    if (!symbols.stream().allMatch(model.path("vocab")::has)) {
      return List.of();
    }
    while (true) {
      int best = -1;
      int bestRank = Integer.MAX_VALUE;
      for (int i = 0; i + 1 < symbols.size(); i++) {
        int rank = ranks.getOrDefault(symbols.subList(i, i + 2), Integer.MAX_VALUE);
        if (rank < bestRank) {
          bestRank = rank;
          best = i;
        }
      }
      if (best < 0) {
        return symbols;
      }
      symbols.set(best, symbols.get(best) + symbols.remove(best + 1));
    }
  }

  /** Asks the library with a vocabulary of single characters and these entries. */
  private List<Way> wholeWords(List<String> entries) {
    JsonNodeFactory json = JsonNodeFactory.instance;
    ObjectNode root = json.objectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding").putNull("post_processor").putNull("decoder");
    root.putNull("normalizer").putArray("added_tokens");
    root.set("pre_tokenizer", preTokenizer);
    ObjectNode words = root.putObject("model").put("type", "BPE").put("ignore_merges", true);
    words.putArray("merges");
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    entries.forEach(entry -> vocabulary.put(entry, vocabulary.size()));
    for (int value = 0; value < 256; value++) {
      vocabulary.putIfAbsent(String.valueOf(ByteLevel.character((byte) value)), vocabulary.size());
    }
    ObjectNode ids = words.putObject("vocab");
    vocabulary.forEach(ids::put);
    try (NativeTokenizer tokenizer = new NativeTokenizer(file, root.toString())) {
      return entries.stream()
          .filter(entry -> text(entry).filter(text -> isWord(tokenizer, text, entries)).isPresent())
          .map(entry -> new Way(entry, "which can be a whole word under ignore_merges"))
          .toList();
    }
  }

  private static boolean isWord(NativeTokenizer tokenizer, String text, List<String> entries) {
    return NEIGHBOURS.stream()
        .flatMap(before -> NEIGHBOURS.stream().map(after -> before + text + after))
        .anyMatch(
            beside -> Arrays.stream(tokenizer.encode(beside)).anyMatch(id -> id < entries.size()));
  }

  /** The text an entry stands for, if it is one. */
  private Optional<String> text(String entry) {
    if (!byteLevel) {
      return Optional.of(entry);
    }
    try {
      ByteBuffer bytes = ByteBuffer.wrap(ByteLevel.bytes(entry));
      return Optional.of(StandardCharsets.UTF_8.newDecoder().decode(bytes).toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  /** Takes entries that no text becomes out of the model, with the merges that name them. */
  void remove(Set<String> entries) {
    if (entries.isEmpty()) {
      return;
    }
    ((ObjectNode) model.path("vocab")).remove(entries);
    ArrayNode kept = JsonNodeFactory.instance.arrayNode();
    for (JsonNode merge : model.path("merges")) {
      String left = merge.path(0).textValue();
      String right = merge.path(1).textValue();
      if (!entries.contains(left) && !entries.contains(right) && !entries.contains(left + right)) {
        kept.add(merge);
      }
    }
    model.set("merges", kept);
  }
}

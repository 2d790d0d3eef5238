package dev.millrace.engine.tokenizer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Added tokens with the ids that the tokenizers library (0.23) gives them, whatever ids the file
 * has: a content that the model's vocabulary has keeps that id, the others are numbered in the
 * file's order, on from the vocabulary's size. Where a vocabulary has gaps two contents can come to
 * one id; the later one then counts. Immutable.
 */
final class AddedVocabulary {

  private final Map<String, Integer> ids = new LinkedHashMap<>();
  private final Map<Integer, AddedToken> byId = new TreeMap<>();
  private final Map<Integer, List<AddedToken>> normalized = new LinkedHashMap<>();
  private final Set<String> special = new LinkedHashSet<>();

  /**
   * Numbers the tokens.
   *
   * @param tokens in the file's order; contents may repeat
   * @param vocabulary the model's own tokens as stored, to their ids
   */
  AddedVocabulary(List<AddedToken> tokens, Map<String, Integer> vocabulary) {
    int next = vocabulary.size();
    for (AddedToken token : tokens) {
      Integer known = ids.get(token.content());
      if (known != null && token.equals(byId.get(known))) {
        continue;
      }
      Integer own = known == null ? vocabulary.get(token.content()) : known;
      int id = own == null ? next++ : own;
      ids.put(token.content(), id);
      byId.put(id, token);
      if (token.special()) {
        special.add(token.content());
      }
      if (token.normalized()) {
        normalized.computeIfAbsent(id, key -> new ArrayList<>()).add(token);
      }
    }
  }

  /** Contents to ids, in the file's order. */
  Map<String, Integer> ids() {
    return ids;
  }

  /** The token that counts for each id, which is the one looked for in text. */
  Map<Integer, AddedToken> tokens() {
    return byId;
  }

  /** The token that counts for an id of {@link #ids}. */
  AddedToken token(int id) {
    return Objects.requireNonNull(byId.get(id));
  }

  /** Whether any entry with this content is special. */
  boolean isSpecial(String content) {
    return special.contains(content);
  }

  /** Texts of special tokens to their ids. */
  Map<String, Integer> specialIds() {
    Map<String, Integer> found = new LinkedHashMap<>();
    ids.forEach((content, id) -> {
      if (isSpecial(content)) {
        found.put(content, id);
      }
    });
    return found;
  }

  /**
   * What is looked for in a text: the content, or for normalised tokens its normal form. The
   * library keeps a normal form for an id until another one that differs from its content takes its
   * place, even if the id has a new content meanwhile.
   */
  String pattern(int id, UnaryOperator<String> form) {
    AddedToken token = token(id);
    if (token.normalized()) {
      for (AddedToken entry : normalized.getOrDefault(id, List.of()).reversed()) {
        String normal = form.apply(entry.content());
        if (!normal.equals(entry.content())) {
          return normal;
        }
      }
    }
    return token.content();
  }
}

package dev.millrace.engine.tokenizer;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What we need to know of a {@code tokenizer.json}: its added tokens, which we find in a text
 * ourselves, and the rest of it in the form that we hand to the native library, out of which no
 * text comes as a special token.
 *
 * @param file where it came from
 * @param tokens every token's id to its text as stored, added tokens aside
 * @param added the added tokens with their ids
 * @param ordinary special tokens that are nothing but words, so that text may become them
 * @param normalizer name of a normal form, or empty
 * @param spaceBefore whether a space comes before text that begins with none
 * @param library what we understand of the file, without added tokens, truncation and padding
 */
record TokenizerFile(
    Path file,
    Map<Integer, String> tokens,
    AddedVocabulary added,
    Set<String> ordinary,
    String normalizer,
    boolean spaceBefore,
    ObjectNode library) {

  private static final Logger LOG = LoggerFactory.getLogger(TokenizerFile.class);
  private static final long BYTES_MAX = 256L << 20;
  private static final int ID_MAX = 1 << 24;
  private static final int NAMED_MAX = 5;

  /** Words, punctuation and white space; control tokens are spelled with brackets and bars. */
  private static final Pattern PLAIN = Pattern.compile("[^<>\\[\\]{}|\uff5c\u2581_/\ufffd]+");

  /**
   * Reads a file.
   *
   * @param named texts of tokens that have a part, such as the one that ends a turn
   */
  static TokenizerFile read(Path file, Collection<String> named) {
    return read(file, readObject(file), named);
  }

  /** The same from what such a file would hold. */
  static TokenizerFile read(Path file, ObjectNode root, Collection<String> named) {
    TokenizerRules rules = new TokenizerRules(file);
    ObjectNode model = rules.model(root.path("model"));
    Map<Integer, String> tokens = new HashMap<>();
    Map<String, Integer> vocabulary = new HashMap<>();
    Map<String, Integer> seconds = new LinkedHashMap<>();
    for (var entry : model.path("vocab").properties()) {
      int id = id(file, entry.getValue());
      vocabulary.put(entry.getKey(), id);
      String other = tokens.putIfAbsent(id, entry.getKey());
      if (other != null) {
        seconds.put(entry.getKey(), id);
      }
    }
    List<AddedToken> entries = new ArrayList<>();
    for (JsonNode entry : root.path("added_tokens")) {
      entries.add(rules.addedToken(entry));
    }
    AddedVocabulary added = new AddedVocabulary(entries, vocabulary);
    compareIds(file, root.path("added_tokens"), added, vocabulary);
    refuseSeconds(file, seconds, tokens, added);
    JsonNode preTokenizer = rules.preTokenizer(root.path("pre_tokenizer"));
    SpecialTokenReach reach = new SpecialTokenReach(file, model, preTokenizer);
    Set<String> ordinary = separate(file, added, tokens, seconds, reach, named);
    JsonNode normalizer = rules.normalizer(root.path("normalizer"));
    ObjectNode library = root.objectNode().put("version", "1.0");
    library.putNull("truncation").putNull("padding").putNull("post_processor");
    library.putArray("added_tokens");
    library.set("normalizer", normalizer);
    library.set("pre_tokenizer", preTokenizer);
    library.set("decoder", rules.decoder(root.path("decoder")));
    library.set("model", model);
    return new TokenizerFile(
        file,
        Map.copyOf(tokens),
        added,
        ordinary,
        normalizer.path("type").asText(""),
        TokenizerRules.putsSpaceBefore(preTokenizer),
        library);
  }

  /** Code points that are left out of text, since the vocabulary lacks a byte of them. */
  IntPredicate leaves() {
    Set<String> stored = new LinkedHashSet<>(tokens.values());
    Set<Integer> lacking = new LinkedHashSet<>();
    for (int value = 0; value < 256; value++) {
      if (TokenizerRules.isDispensable(value)
          && !stored.contains(String.valueOf(ByteLevel.character((byte) value)))) {
        lacking.add(value);
      }
    }
    // the first byte of a character decides: of those in question the others are always there
    return codePoint ->
        lacking.contains(
            Byte.toUnsignedInt(Character.toString(codePoint).getBytes(StandardCharsets.UTF_8)[0]));
  }

  /**
   * The library counts added tokens anew and so do we; a file that has a special token under two
   * ids says nothing we could trust.
   */
  private static void compareIds(
      Path file, JsonNode entries, AddedVocabulary added, Map<String, Integer> vocabulary) {
    List<String> other = new ArrayList<>();
    for (JsonNode entry : entries) {
      int said = id(file, entry.path("id"));
      String content = entry.path("content").textValue();
      int id = Objects.requireNonNull(added.ids().get(content));
      if (said == id) {
        continue;
      }
      if (added.isSpecial(content) && vocabulary.containsKey(content)) {
        throw new TokenizerException(
            file,
            String.format(
                Locale.ROOT,
                "special token %s has id %d, but is encoded as [%d], its id in model.vocab",
                content,
                said,
                id));
      }
      other.add(String.format(Locale.ROOT, "%s %d instead of %d", content, id, said));
    }
    if (!other.isEmpty()) {
      LOG.warn(
          "{}: {} added tokens have the ids that the tokenizers library gives them, not the file's:"
              + " {}",
          file.getFileName(),
          other.size(),
          String.join(", ", other.subList(0, Math.min(NAMED_MAX, other.size()))));
    }
  }

  /**
   * Two entries of the vocabulary with one id contradict each other, unless the id is that of a
   * special token: tools rename reserved tokens and leave the old name beside the new one.
   */
  private static void refuseSeconds(
      Path file, Map<String, Integer> seconds, Map<Integer, String> tokens, AddedVocabulary added) {
    seconds.forEach((entry, id) -> {
      AddedToken holder = added.tokens().get(id);
      if (holder == null || !added.isSpecial(holder.content())) {
        throw new TokenizerException(
            file,
            String.format(
                Locale.ROOT,
                "two tokens have the id %d: \"%s\", \"%s\"",
                id,
                tokens.get(id),
                entry));
      }
    });
  }

  /**
   * Text must have no way to a control token's id. Fine-tunes also mark plain words as special that
   * text has always become; nothing hangs on these, so that they stay text.
   *
   * @return the texts of such words
   */
  private static Set<String> separate(
      Path file,
      AddedVocabulary added,
      Map<Integer, String> tokens,
      Map<String, Integer> seconds,
      SpecialTokenReach reach,
      Collection<String> named) {
    Map<String, Map.Entry<String, Integer>> entries = new LinkedHashMap<>();
    for (var token : added.specialIds().entrySet()) {
      AddedToken holder = added.token(token.getValue());
      if (!added.isSpecial(holder.content())) {
        throw reachable(
            file, token, "added token \"" + holder.content() + "\", which is not special");
      }
      String entry = tokens.get(token.getValue());
      if (entry != null) {
        entries.put(entry, token);
      }
    }
    for (var second : seconds.entrySet()) {
      entries.put(
          second.getKey(), Map.entry(added.token(second.getValue()).content(), second.getValue()));
    }
    Set<String> ordinary = new LinkedHashSet<>();
    for (SpecialTokenReach.Way way : reach.find(entries.keySet())) {
      var token = Objects.requireNonNull(entries.get(way.entry()));
      if (named.contains(token.getKey()) || !isWord(way.entry(), token.getKey())) {
        throw reachable(file, token, "\"" + way.entry() + "\" in model.vocab, " + way.why());
      }
      ordinary.add(token.getKey());
      entries.remove(way.entry());
    }
    if (!ordinary.isEmpty()) {
      LOG.warn(
          "{}: {} tokens are marked as special, but text becomes them and nothing names them; they"
              + " are taken for text: {}",
          file.getFileName(),
          ordinary.size(),
          ordinary.stream().limit(NAMED_MAX).toList());
    }
    reach.remove(entries.keySet());
    return ordinary;
  }

  /** Whether a token is nothing but the text that its entry of the vocabulary stands for. */
  private static boolean isWord(String entry, String content) {
    String text = new String(ByteLevel.bytes(entry), StandardCharsets.UTF_8);
    return content.equals(entry) && PLAIN.matcher(text).matches();
  }

  private static TokenizerException reachable(
      Path file, Map.Entry<String, Integer> token, String way) {
    return new TokenizerException(
        file,
        String.format(
            Locale.ROOT,
            "text would become the special token %s: its id %d is also that of %s",
            token.getKey(),
            token.getValue(),
            way));
  }

  private static int id(Path file, JsonNode id) {
    if (!id.isInt() || id.intValue() < 0 || id.intValue() > ID_MAX) {
      throw new TokenizerException(
          file,
          String.format(Locale.ROOT, "expected token ids from 0 to %,d, found %s", ID_MAX, id));
    }
    return id.intValue();
  }

  private static ObjectNode readObject(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new TokenizerException(
            file, Files.exists(file) ? "it is not a regular file" : "there is no such file");
      }
      if (Files.size(file) > BYTES_MAX) {
        throw new TokenizerException(
            file,
            String.format(
                Locale.ROOT,
                "it has %,d bytes, at most %,d are read",
                Files.size(file),
                BYTES_MAX));
      }
      JsonNode root = SpecialNames.JSON.readTree(Files.readAllBytes(file));
      if (root instanceof ObjectNode object) {
        return object;
      }
      throw new TokenizerException(file, "expected a JSON object");
    } catch (JsonProcessingException e) {
      throw new TokenizerException(file, "not valid JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new TokenizerException(file, "it cannot be read: " + e, e);
    }
  }

  /** For the native library; without a normalizer if texts come to it normalised. */
  String json(boolean normalizing) {
    ObjectNode root = library.objectNode();
    root.setAll(library);
    if (!normalizing) {
      root.putNull("normalizer");
    }
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = new JsonMapper().createGenerator(text)) {
      generator.writeTree(root);
    } catch (IOException e) {
      throw new TokenizerException(file, "it cannot be rewritten: " + e, e);
    }
    return text.toString();
  }
}

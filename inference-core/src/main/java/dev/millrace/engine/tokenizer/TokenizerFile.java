package dev.millrace.engine.tokenizer;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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
 * @param normalizer name of a normal form, or empty
 * @param library what we understand of the file, without added tokens, truncation and padding
 */
record TokenizerFile(
    Path file,
    Map<Integer, String> tokens,
    AddedVocabulary added,
    String normalizer,
    ObjectNode library) {

  private static final Logger LOG = LoggerFactory.getLogger(TokenizerFile.class);
  private static final long BYTES_MAX = 256L << 20;
  private static final int ID_MAX = 1 << 24;
  private static final int NAMED_MAX = 5;

  static TokenizerFile read(Path file) {
    ObjectNode root = readObject(file);
    TokenizerRules rules = new TokenizerRules(file);
    ObjectNode model = rules.model(root.path("model"));
    Map<Integer, String> tokens = new HashMap<>();
    Map<String, Integer> vocabulary = new HashMap<>();
    for (var entry : model.path("vocab").properties()) {
      int id = id(file, entry.getValue());
      vocabulary.put(entry.getKey(), id);
      String other = tokens.put(id, entry.getKey());
      if (other != null) {
        throw new TokenizerException(
            file,
            String.format(
                Locale.ROOT,
                "two tokens have the id %d: \"%s\", \"%s\"",
                id,
                other,
                entry.getKey()));
      }
    }
    List<AddedToken> entries = new ArrayList<>();
    for (JsonNode entry : root.path("added_tokens")) {
      entries.add(rules.addedToken(entry));
    }
    AddedVocabulary added = new AddedVocabulary(entries, vocabulary);
    compareIds(file, root.path("added_tokens"), added, vocabulary);
    JsonNode preTokenizer = rules.preTokenizer(root.path("pre_tokenizer"));
    separate(file, added, tokens, new SpecialTokenReach(file, model, preTokenizer));
    JsonNode normalizer = rules.normalizer(root.path("normalizer"));
    ObjectNode library = root.objectNode().put("version", "1.0");
    library.putNull("truncation").putNull("padding").putNull("post_processor");
    library.putArray("added_tokens");
    library.set("normalizer", normalizer);
    library.set("pre_tokenizer", preTokenizer);
    library.set("decoder", rules.decoder(root.path("decoder")));
    library.set("model", model);
    return new TokenizerFile(
        file, Map.copyOf(tokens), added, normalizer.path("type").asText(""), library);
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

  /** Text must have no way to a special token's id. */
  private static void separate(
      Path file, AddedVocabulary added, Map<Integer, String> tokens, SpecialTokenReach reach) {
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
    Optional<SpecialTokenReach.Way> way = reach.find(entries.keySet());
    if (way.isPresent()) {
      String entry = way.get().entry();
      throw reachable(
          file,
          Objects.requireNonNull(entries.get(entry)),
          "\"" + entry + "\" in model.vocab, " + way.get().why());
    }
    reach.remove(entries.keySet());
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
      JsonNode root = new JsonMapper().readTree(Files.readAllBytes(file));
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

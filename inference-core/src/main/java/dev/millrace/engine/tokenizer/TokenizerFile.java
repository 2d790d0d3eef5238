package dev.millrace.engine.tokenizer;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What we need to know of a {@code tokenizer.json}, and the two forms of it that we hand to the
 * native library: as it is, and without its special tokens, so that text cannot spell one.
 *
 * @param file where it came from
 * @param tokens every token's id to its text as stored, special tokens included
 * @param special text of each special token to its id
 * @param withSpecial what we understand of the file, with truncation and padding off
 * @param plain the same without special tokens
 */
record TokenizerFile(
    Path file,
    Map<Integer, String> tokens,
    Map<String, Integer> special,
    String withSpecial,
    String plain) {

  private static final long BYTES_MAX = 256L << 20;
  private static final int ID_MAX = 1 << 24;

  static TokenizerFile read(Path file) {
    ObjectNode root = readObject(file);
    TokenizerRules rules = new TokenizerRules(file);
    ObjectNode model = rules.model(root.path("model"));
    ObjectNode vocabulary = (ObjectNode) model.path("vocab");
    Map<Integer, String> tokens = new HashMap<>();
    for (var entry : vocabulary.properties()) {
      put(file, tokens, entry.getValue(), entry.getKey());
    }
    Map<String, Integer> special = new HashMap<>();
    ArrayNode all = root.arrayNode();
    ArrayNode ordinary = root.arrayNode();
    for (JsonNode entry : root.path("added_tokens")) {
      put(file, tokens, entry.path("id"), entry.path("content").asText());
      ObjectNode added = rules.addedToken(entry);
      all.add(added);
      if (added.path("special").booleanValue()) {
        special.put(added.path("content").textValue(), added.path("id").intValue());
      } else {
        ordinary.add(added);
      }
    }
    ObjectNode clean = root.objectNode().put("version", "1.0");
    clean.putNull("truncation").putNull("padding").putNull("post_processor");
    clean.set("added_tokens", all);
    clean.set("normalizer", rules.normalizer(root.path("normalizer")));
    clean.set("pre_tokenizer", rules.preTokenizer(root.path("pre_tokenizer")));
    clean.set("decoder", rules.decoder(root.path("decoder")));
    clean.set("model", model);
    String withSpecial = write(file, clean);
    clean.set("added_tokens", ordinary);
    vocabulary.remove(special.keySet());
    return new TokenizerFile(
        file, Map.copyOf(tokens), Map.copyOf(special), withSpecial, write(file, clean));
  }

  /** Ids of special tokens. */
  Set<Integer> specialIds() {
    return Set.copyOf(special.values());
  }

  private static void put(Path file, Map<Integer, String> tokens, JsonNode id, String text) {
    if (!id.isInt() || id.intValue() < 0 || id.intValue() > ID_MAX) {
      throw new TokenizerException(
          file,
          String.format(Locale.ROOT, "expected token ids from 0 to %,d, found %s", ID_MAX, id));
    }
    String other = tokens.put(id.intValue(), text);
    if (other != null && !other.equals(text)) {
      throw new TokenizerException(file, "two tokens have the id " + id);
    }
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

  private static String write(Path file, JsonNode root) {
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = new JsonMapper().createGenerator(text)) {
      generator.writeTree(root);
    } catch (IOException e) {
      throw new TokenizerException(file, "it cannot be rewritten: " + e, e);
    }
    return text.toString();
  }
}

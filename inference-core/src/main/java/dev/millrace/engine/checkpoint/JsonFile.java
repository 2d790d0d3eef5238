package dev.millrace.engine.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** Reads JSON that may be hostile: bounded in size, depth and length, no duplicate keys. */
final class JsonFile {

  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(64)
                  .maxNameLength(4_096)
                  .maxNumberLength(64)
                  .maxStringLength(16_000_000)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          // Python's json writes NaN and Infinity, and configurations have them in keys nobody
          // reads
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private static final JsonMapper MAPPER =
      JsonMapper.builder(FACTORY).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private JsonFile() {}

  /** The object in {@code file}, which must be a regular file of at most {@code bytesMax}. */
  static JsonNode readObject(Path file, long bytesMax) {
    JsonNode node = read(file, bytesMax);
    if (!node.isObject()) {
      throw new CheckpointException(file, "expected a JSON object, found " + kind(node));
    }
    return node;
  }

  /** The same; empty if there is no such file, or nothing in it. */
  static Optional<JsonNode> readOptionalObject(Path file, long bytesMax) {
    return Files.exists(file) && !read(file, bytesMax).isMissingNode()
        ? Optional.of(readObject(file, bytesMax))
        : Optional.empty();
  }

  /** Whatever is in the file, a missing node if that is nothing. */
  private static JsonNode read(Path file, long bytesMax) {
    long size = size(file);
    if (size > bytesMax) {
      throw new CheckpointException(
          file,
          String.format(
              Locale.ROOT, "it has %,d bytes, at most %,d are accepted here", size, bytesMax));
    }
    try {
      return MAPPER.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new CheckpointException(file, "not valid JSON: " + shortMessage(e), e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Size of a regular file; anything else is refused in words. */
  static long size(Path file) {
    try {
      if (Files.isDirectory(file)) {
        throw new CheckpointException(file, "expected a file, found a directory");
      }
      long size = Files.size(file);
      if (!Files.isRegularFile(file)) {
        throw new CheckpointException(file, "expected a regular file, found a device or a pipe");
      }
      return size;
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  static CheckpointException unreadable(Path file, IOException e) {
    if (e instanceof NoSuchFileException) {
      return new CheckpointException(file, "there is no such file", e);
    }
    String text = String.valueOf(e.getMessage());
    if (e instanceof FileSystemLoopException
        || text.contains("Too many levels of symbolic links")
        || text.contains("Too many symbolic links")) {
      return new CheckpointException(file, "its symbolic links go round in a circle", e);
    }
    return new CheckpointException(file, "it cannot be read: " + e, e);
  }

  /** Jackson's message without the source it quotes. */
  static String shortMessage(JsonProcessingException e) {
    String message = e.getOriginalMessage();
    if (message.length() > 200) {
      message = message.substring(0, 200) + "…";
    }
    return e.getLocation() == null
        ? message
        : String.format(Locale.ROOT, "%s at byte %d", message, e.getLocation().getByteOffset());
  }

  /** A node's kind in words, with its value where that is short. */
  static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> "an object";
      case ARRAY -> "a list of " + node.size();
      case STRING -> "\"" + abbreviate(node.textValue()) + "\"";
      case MISSING -> "nothing";
      default -> abbreviate(node.toString());
    };
  }

  static String abbreviate(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "…";
  }
}

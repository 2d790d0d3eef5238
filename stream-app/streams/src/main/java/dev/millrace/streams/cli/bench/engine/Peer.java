package dev.millrace.streams.cli.bench.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.streams.cli.CommandException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Another program's figures for the same model on the same machine, measured by a script.
 *
 * @param name as it appears in the result
 * @param figures value by name of our figure
 */
record Peer(String name, Map<String, Double> figures) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Parses {@code NAME=FILE}; the file is one JSON object of figure names and numbers. */
  static Peer parse(String argument) {
    int split = argument.indexOf('=');
    if (split < 1) {
      throw CommandException.usage("--peer needs NAME=FILE, got '%s'".formatted(argument));
    }
    Path file = Path.of(argument.substring(split + 1));
    Map<String, Double> figures = new LinkedHashMap<>();
    try {
      JsonNode root = JSON.readTree(Files.readString(file));
      root.properties()
          .forEach(entry -> {
            if (entry.getValue().isNumber()) {
              figures.put(entry.getKey(), entry.getValue().doubleValue());
            }
          });
    } catch (IOException e) {
      throw CommandException.failure(
          "cannot read the peer's figures from %s: %s".formatted(file, e.getMessage()), e);
    }
    return new Peer(argument.substring(0, split), figures);
  }
}

package dev.millrace.cli.enrich;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Up to where an interrupted run came, and of what. Immutable.
 *
 * @param plan the plan's fingerprint
 * @param models digests by name
 * @param lines of the input, without blank ones, whose results are there
 * @param bytes of the partial output with just these results
 * @param input the {@link InputChain} of these lines
 */
record ResumePoint(
    @JsonProperty("plan") String plan,
    @JsonProperty("models") Map<String, String> models,
    @JsonProperty("lines") long lines,
    @JsonProperty("bytes") long bytes,
    @JsonProperty("input") String input) {
  private static final JsonMapper JSON = new JsonMapper();

  ResumePoint {
    models = new TreeMap<>(models);
  }

  /** Nothing is there yet. */
  static ResumePoint start(String plan, Map<String, String> models) {
    return new ResumePoint(plan, models, 0, 0, "");
  }

  ResumePoint at(long doneLines, long doneBytes, String doneInput) {
    return new ResumePoint(plan, models, doneLines, doneBytes, doneInput);
  }

  /** What was written; empty if there is none, or nothing that can be read. */
  static Optional<ResumePoint> read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(JSON.readValue(Files.readString(file), ResumePoint.class));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /** Whole or not at all, whenever the process ends. */
  void write(Path file) throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(draft, JSON.writeValueAsString(this) + "\n");
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}

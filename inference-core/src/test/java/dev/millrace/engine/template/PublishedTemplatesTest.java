package dev.millrace.engine.template;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Templates that models were published with print what Python prints. They are brought by
 * fetch_published.sh when somebody asks; here are only digests of what they print.
 */
final class PublishedTemplatesTest {

  @Test
  void shouldPrintWhatPythonPrints() throws IOException {
    String folder = System.getProperty("millrace.templates", "");
    Assumptions.assumeTrue(
        !folder.isEmpty(),
        "PublishedTemplatesTest: skipped, run src/test/resources/templates/fetch_published.sh and"
            + " give its folder as -Dmillrace.templates");
    JsonNode conversations = Expected.read("expected.json").path("conversations");
    Map<String, String> found = new TreeMap<>();
    for (Path model : folders(Path.of(folder))) {
      JsonNode config =
          new JsonMapper().readTree(model.resolve("package/models/tokenizer_config.json").toFile());
      for (var conversation : conversations.properties()) {
        for (boolean tools : List.of(false, true)) {
          Map<String, Value> variables = Expected.variables(conversation.getValue());
          Value tool = Expected.variables(conversations.path("tools")).get("tools");
          variables.put("tools", tools && tool != null ? tool : Value.of(null));
          variables.put("add_generation_prompt", Value.of(true));
          for (String name : List.of("bos_token", "eos_token")) {
            JsonNode token = config.path(name);
            String text = token.isObject() ? token.path("content").asText() : token.asText("");
            variables.put(name, Value.of(text));
          }
          String printed = Expected.rendered(config.path("chat_template").textValue(), variables);
          found.put(
              model.getFileName() + " " + conversation.getKey() + (tools ? " with tools" : ""),
              printed == null ? "refused" : sha256(printed));
        }
      }
    }
    Map<String, String> wanted = new TreeMap<>();
    Expected.read("published.json")
        .path("sha256")
        .properties()
        .forEach(entry -> wanted.put(entry.getKey(), entry.getValue().asText("refused")));
    wanted.replaceAll((_, digest) -> digest.equals("null") ? "refused" : digest);

    assertThat(found).isEqualTo(wanted);
  }

  private static List<Path> folders(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(Files::isDirectory).sorted().toList();
    }
  }

  private static String sha256(String text) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}

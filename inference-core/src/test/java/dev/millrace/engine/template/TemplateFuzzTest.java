package dev.millrace.engine.template;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Broken and hostile templates end in words, soon, and never hide what came from content. */
final class TemplateFuzzTest {
  private static final int ROUNDS = 10_000;
  private static final Pattern PIECE =
      Pattern.compile("\\{[%{#][-+]?|[-+]?[%}#]}|\\w+|\\s+|.", Pattern.DOTALL);

  /** Letters that no template has. */
  private static final String CONTENT = "\u4e2d\u6587 \u5b57\u7b26\n\u5185\u5bb9";

  private static final List<String> WORDS =
      List.of(
          "not",
          "and",
          "or",
          "in",
          "is",
          "if",
          "else",
          "none",
          "loop",
          "messages",
          "m",
          "ns",
          "[0]",
          "['role']",
          ".content",
          "|length",
          "|trim",
          "|list",
          "|upper",
          "|tojson",
          "+",
          "-",
          "~",
          "==",
          "<",
          "(",
          ")",
          "[",
          "]",
          "{",
          "}",
          "{%",
          "%}",
          "{{",
          "}}",
          "-%}",
          "{%-",
          "\n",
          "'a'",
          "1",
          "99999999999",
          ",",
          ":",
          "set",
          "for",
          "endfor",
          "endif",
          "macro",
          "endmacro",
          "break",
          "recursive",
          "raw",
          "\"",
          "|",
          "=",
          ".",
          "%",
          "*",
          "**",
          "//",
          "endset",
          "filter",
          "call",
          "range(99999)",
          "namespace()",
          "|join",
          "[::-1]",
          "\\",
          "\u0000",
          "é",
          "😀");

  @Test
  @Timeout(240)
  void shouldRenderOrRefuseEveryMutation() throws IOException {
    long seed = Long.getLong("millrace.seed", System.currentTimeMillis());
    SplittableRandom random = new SplittableRandom(seed);
    List<String> templates = Expected.templates();
    Map<String, Value> variables = variables();
    int rendered = 0;
    for (int round = 0; round < ROUNDS; round++) {
      String template = mutated(templates, random);
      try {
        Text text = Template.parse(template).render(variables, 100);
        rendered++;
        assertThat(leak(text)).as("seed=%d round=%d: %s", seed, round, template).isEqualTo(-1);
      } catch (TemplateException e) {
        assertThat(e.line()).as("seed=%d round=%d", seed, round).isPositive();
        assertThat(e.getMessage()).as("seed=%d round=%d", seed, round).isNotBlank();
        assertThat(String.valueOf(e.getMessage()).chars().noneMatch(TemplateFuzzTest::isContent))
            .as("seed=%d round=%d: %s", seed, round, template)
            .isTrue();
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed=" + seed + " round=" + round + ": " + template, e);
      }
    }
    assertThat(rendered).as("seed=%d", seed).isGreaterThan(ROUNDS / 20);
  }

  /** Nothing of the data's templates lets content pass for the template's own text. */
  @Test
  void shouldKnowContentInWhateverTemplatesMakeOfIt() throws IOException {
    int printed = 0;
    for (String template : Expected.templates()) {
      try {
        Text text = Template.parse(template).render(variables(), 100);
        assertThat(leak(text)).as(template).isEqualTo(-1);
        printed += text.string().chars().anyMatch(TemplateFuzzTest::isContent) ? 1 : 0;
      } catch (TemplateException e) {
        assertThat(e).hasMessageNotContaining("中");
      }
    }
    assertThat(printed).isGreaterThan(15);
  }

  private static Map<String, Value> variables() throws IOException {
    JsonNode conversation = Expected.read("expected.json").path("conversations").path("user");
    Map<String, Value> variables = Expected.variables(conversation);
    List<Value> messages = new ArrayList<>();
    int source = 0;
    for (String role : List.of("system", "user", "assistant", "user")) {
      Dict message = new Dict();
      message.put(Text.of("role"), Text.of(role));
      message.put(Text.of("content"), Text.content(CONTENT, source++));
      messages.add(message);
    }
    variables.put("messages", Items.list(messages));
    return variables;
  }

  private static boolean isContent(int character) {
    return character >= 0x4e00 && character <= 0x9fff;
  }

  /** The first character of content that does not count as content, or -1. */
  private static int leak(Text text) {
    for (int at = 0; at < text.string().length(); at++) {
      int position = at;
      if (isContent(text.string().charAt(at))
          && text.runs().stream()
              .noneMatch(run -> run.start() <= position && position < run.end())) {
        return at;
      }
    }
    return -1;
  }

  private static String mutated(List<String> templates, SplittableRandom random) {
    List<String> pieces = pieces(templates.get(random.nextInt(templates.size())));
    for (int edits = random.nextInt(1, 5); edits > 0; edits--) {
      int at = random.nextInt(pieces.size());
      switch (random.nextInt(5)) {
        case 0 -> pieces.remove(at);
        case 1 -> pieces.add(at, WORDS.get(random.nextInt(WORDS.size())));
        case 2 -> pieces.set(at, WORDS.get(random.nextInt(WORDS.size())));
        case 3 -> pieces.set(at, pieces.get(random.nextInt(pieces.size())));
        default -> {
          List<String> other = pieces(templates.get(random.nextInt(templates.size())));
          int from = random.nextInt(other.size());
          int to = Math.min(other.size(), from + random.nextInt(1, 12));
          pieces.addAll(at, other.subList(from, to));
        }
      }
      if (pieces.isEmpty()) {
        pieces.add("{{");
      }
    }
    return String.join("", pieces);
  }

  private static List<String> pieces(String template) {
    List<String> pieces = new ArrayList<>();
    Matcher matcher = PIECE.matcher(template);
    while (matcher.find()) {
      pieces.add(matcher.group());
    }
    return pieces;
  }
}

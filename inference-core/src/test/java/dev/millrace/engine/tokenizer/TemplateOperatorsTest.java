package dev.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TemplateOperatorsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '~',
      value = {
        "not x is defined;not ( x is defined)",
        "if not a == 1 and b;if not ( a == 1 )and b",
        "not a in l or not b;not ( a in l )or not ( b)",
        "(not a is none);(not ( a is none))",
        "f(not a, b);f(not ( a), b)",
        "not not a;not ( not ( a))",
        "x is not none;x is not none",
        "x not in l;x not in l",
        "'not a is b' + x;'not a is b' + x",
        "not m['not in, x)'] == 1;not ( m['not in, x)'] == 1)",
        "a if not b else c;a if not ( b )else c",
        "knot is nothing;knot is nothing",
        "m.not;m.not",
        "not (a or b) and c;not ( (a or b) )and c",
      })
  void shouldBracketTheOperandOfNot(String code, String expected) {
    assertThat(TemplateOperators.grouped(code)).isEqualTo(expected);
  }

  /** What Python's Jinja prints for the same expressions. */
  @Test
  void shouldMeanWhatJinjaMeans() {
    Map<String, String> expected =
        Map.ofEntries(
            Map.entry("not x is defined", "false"),
            Map.entry("not y is defined", "true"),
            Map.entry("not x == 'q'", "true"),
            Map.entry("not x == 'v'", "false"),
            Map.entry("not x in l", "false"),
            Map.entry("not 'q' in l", "true"),
            Map.entry("t and not x is none", "true"),
            Map.entry("not (x is defined)", "false"),
            Map.entry("not x is string", "false"),
            Map.entry("not t or t", "true"),
            Map.entry("l[1:]|length", "1"),
            Map.entry("x|trim + 'a' | trim", "va"),
            Map.entry("'a' if not t is none else 'b'", "a"));
    expected.forEach((expression, value) ->
        assertThat(
                new TemplateRenderer(Path.of("t"), "{{ " + expression + " }}")
                    .render(Map.of("x", "v", "l", List.of("v", "w"), "t", true)))
            .as(expression)
            .isEqualTo(value));
  }
}

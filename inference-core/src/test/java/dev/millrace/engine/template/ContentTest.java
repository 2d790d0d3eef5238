package dev.millrace.engine.template;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Text remembers what of it is content, through what templates do to it. */
final class ContentTest {

  /** Content in brackets; what was edited away, as an empty pair. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '~',
      value = {
        "'<' + c + '>';<[ Abc def ]>",
        "c | trim;[Abc def]",
        "c.strip() ~ c | trim;[Abc def][Abc def]",
        "c | upper;[ ABC DEF ]",
        "c[1:4];[Abc]",
        "c[::-1];[ ][f][e][d][ ][c][b][A][ ]",
        "c[1] ~ '|' ~ c[-2];[A]|[f]",
        "c.split('d')[0];[ Abc ]",
        "c.split() | join('+');[Abc]+[def]",
        "c | replace('Abc', 'x');[ ][x][ def ]",
        "c | replace('Abc', '');[ ][][ def ]",
        "'<c>'.replace('c', c);<[ Abc def ]>",
        "c | tojson;\"[ Abc def ]\"",
        "{'k': c} | tojson;{\"k\": \"[ Abc def ]\"}",
        "[c];['[ Abc def ]']",
        "'%s!' % c;[ Abc def ]!",
        "'{}!'.format(c);[ Abc def ]!",
        "'%-12s|' % c.strip();[Abc def]     |",
        "c | indent(2);[ Abc def ]",
        "c | title;[ Abc Def ]",
        "c | list | last;[ ]",
        "c * 2;[ Abc def ][ Abc def ]",
        "c | length;9",
        "'Abc' in c;True",
        "c == ' Abc def ';True",
        "{c: 1} | list | first;[ Abc def ]",
        "c | e;[ Abc def ]",
        "(c, d) | join;[ Abc def ][Z]",
        "(c ~ d) | trim;[Abc def ][Z]",
        "(c ~ d) | replace(' Z', 'y');[ Abc defy][]",
      })
  void shouldSurvive(String expression, String expected) {
    Text printed =
        Template.parse("{{ " + expression + " }}")
            .render(Map.of("c", Text.content(" Abc def ", 0), "d", Text.content("Z", 1)), 100);

    assertThat(marked(printed)).isEqualTo(expected);
  }

  private static String marked(Text text) {
    StringBuilder marked = new StringBuilder();
    int at = 0;
    for (Text.Run run : text.runs()) {
      marked.append(text.string(), at, run.start()).append('[');
      marked.append(text.string(), run.start(), run.end()).append(']');
      at = run.end();
    }
    return marked.append(text.string().substring(at)).toString();
  }
}

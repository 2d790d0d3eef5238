package dev.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class TemplateWhitespaceTest {

  @Test
  void shouldSwallowTheLineBreakAfterABlockAndTheIndentationBeforeIt() {
    assertThat(applied("a\n  {% if x %}\n  b\n  {% endif %}\nc"))
        .isEqualTo("a\n{%  if x  %}  b\n{%  endif  %}c");
    assertThat(applied("a {% if x %} b")).isEqualTo("a {%  if x  %} b");
    assertThat(applied("a\n\n{% x %}\n\nb")).isEqualTo("a\n\n{%  x  %}\nb");
  }

  @Test
  void shouldLeaveWhitespaceAroundExpressions() {
    assertThat(applied(" {{ a }}\nb")).isEqualTo(" {{  a  }}\nb");
  }

  @Test
  void shouldRemoveWhatADashAsksFor() {
    assertThat(applied("a \n {{- b -}} \n c")).isEqualTo("a{{  b  }}c");
    assertThat(applied("a \n {%- b -%} \n c")).isEqualTo("a{%  b  %}c");
    assertThat(applied("a \n {#- b -#} \n c")).isEqualTo("ac");
    assertThat(applied("{{- -1 }}")).isEqualTo("{{  -1  }}");
  }

  @Test
  void shouldKeepWhatAPlusAsksFor() {
    assertThat(applied("a\n  {%+ b +%}\nc")).isEqualTo("a\n  {%  b  %}\nc");
  }

  @Test
  void shouldDropCommentsAndTheLastLineBreak() {
    assertThat(applied("a\n  {# b #}\nc\n")).isEqualTo("a\nc");
    assertThat(applied("c\n\n")).isEqualTo("c\n");
    assertThat(applied("a\r\nb")).isEqualTo("a\nb");
  }

  @Test
  void shouldNotEndATagInsideAString() {
    assertThat(applied("{{ '}}' + \"-%}\" + '\\'}}' }}!"))
        .isEqualTo("{{  '}}' + \"-%}\" + '\\'}}'  }}!");
  }

  @Test
  void shouldRefuseAnOpenTag() {
    assertThatThrownBy(() -> applied("ab{{ 'c }}"))
        .hasMessageContaining("the tag at character 2 is not closed");
    assertThatThrownBy(() -> applied("{%")).hasMessageContaining("not closed");
  }

  @Test
  void shouldStandShortTags() {
    assertThat(applied("{{}}")).isEqualTo("{{  }}");
    assertThat(applied("{##}")).isEmpty();
  }

  private static String applied(String source) {
    return TemplateWhitespace.applied(source);
  }
}

package dev.millrace.engine.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What cannot be rendered exactly is refused, by its name and line. */
final class TemplateRefusalTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '~',
      value = {
        "{% include 'other' %};not supported: the tag include",
        "{% extends 'other' %};not supported: the tag extends",
        "{% block b %}{% endblock %};not supported: the tag block",
        "{% autoescape true %}{% endautoescape %};not supported: the tag autoescape",
        "{% trans %}{% endtrans %};unknown tag trans",
        "{{ x | nothing }};there is no filter nothing",
        "{{ x is nothing }};there is no test nothing",
        "{{ x | wordwrap }};not supported: the filter wordwrap",
        "{{ [1] | random }};not supported: the filter random",
        "{{ 'a'.swapcase() }};not supported: the method swapcase of a string",
        "{{ 'a'.__class__ }};not supported: access to Python's own attributes",
        "{{ 2 ** 70 }};not supported: an integer beyond 64 bits",
        "{{ 9223372036854775807 + 1 }};not supported: an integer beyond 64 bits",
        "{{ 2 ** -1 }};not supported: powers with a negative exponent",
        "{{ [1] | map('string') }};not supported: printing a generator",
        "{{ 'a'.upper }};not supported: printing a function",
        "{{ strftime_now('%Q') }};not supported: %Q in strftime_now",
        "{{ [0.1, 0.2, 0.3] | sum }};not supported: sum of fractions",
        "{{ '%x' % 255 }};not supported: the conversion %x in a format",
        "{{ lipsum() }};not supported: the function lipsum",
        "{{ self }};not supported: the variable self",
        "{{ größe }};not supported: names with letters beyond ASCII",
        "{{ x.y }};'x' is undefined",
        "{{ [1].append(2) }};the method append would change a value",
        "{{ raise_exception('no ' ~ 1) }};the template refuses: no 1",
        "{{ 'a' + 1 }};+ cannot stand between str and int",
        "{{ 1 / 0 }};a division by zero",
        "{{ (1 }};unexpected }",
        "{{ x;the tag is not closed",
        "{% if x %};expected the tag endif, found the end of the template",
        "{% break %};break outside a loop",
        "{% for x in y %}{% macro m() %}{% break %}{% endmacro %}{% endfor %};break outside a loop",
        "{% for loop in y %}{% endfor %};a loop assigns to the variable loop",
        "{% set 1 = 2 %};this cannot be assigned to",
        "{% set x.y = 2 %};x is no namespace",
        "{{ f(a=1, a=2) }};the argument a is given twice",
      })
  void shouldNameWhatItRefusesAndWhere(String template, String problem) {
    TemplateException found =
        catchThrowableOfType(
            TemplateException.class,
            () -> Template.parse("line 1\n\n" + template).render(Map.of(), 0));

    assertThat(found).isNotNull().hasMessageContaining(problem);
    // The variable self is looked for in the template as a whole.
    assertThat(found.line()).as("line").isEqualTo(template.contains("self") ? 1 : 3);
  }

  @Test
  void shouldNotQuoteContent() {
    Template template = Template.parse("{{ raise_exception('bad: ' + c) }}");

    assertThatThrownBy(() -> template.render(Map.of("c", Text.content("secret", 0)), 6))
        .isInstanceOf(TemplateException.class)
        .hasMessage("the template refuses: bad: …");
  }

  @ParameterizedTest
  @Timeout(60)
  @ValueSource(
      strings = {
        "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}"
            + "{% endfor %}{% endfor %}",
        "{% for a in range(9999) %}{{ 'x' * 1000000 }}{% endfor %}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}"
            + "{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}"
            + "{% endfor %}",
        "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}",
        "{% set ns = namespace() %}{% set ns.me = [ns] %}{{ [ns] == [ns.me] }}{{ ns }}",
        "{{ 'x' * 99999999999 }}",
        "{{ '%99999999d' % 1 }}",
        "{{ ('a' * 1000000) in ('a' * 2000000 + 'b') }}",
        "{{ 'x'.center(999999999) }}",
        "{{ 'x' | indent(999999999) }}",
        "{{ [1] | batch(99999999, 1) | list }}",
        "{{ range(99999999) | list }}",
        "{{ 2 ** 2 ** 2 ** 2 ** 99 }}",
        "{{ [[[[[[[[1]]]]]]]] | tojson(indent=99999999) }}",
      })
  void shouldStopWhatDoesTooMuch(String template) {
    assertThatThrownBy(() -> Template.parse(template).render(Map.of(), 0))
        .isInstanceOf(TemplateException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"(", "[", "{1:", "not ", "-", "x.y", "x|e", "1+", "1~", "x if y else ", "f("})
  void shouldRefuseWhatNestsTooDeep(String opening) {
    assertThatThrownBy(() -> Template.parse("{{ " + opening.repeat(100_000)).render(Map.of(), 0))
        .isInstanceOf(TemplateException.class);
  }

  @Test
  void shouldRefuseTagsThatNestTooDeep() {
    assertThatThrownBy(() -> Template.parse("{% if 1 %}".repeat(100_000)))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("tags nest deeper");
  }
}

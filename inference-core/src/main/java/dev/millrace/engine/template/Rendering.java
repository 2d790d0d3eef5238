package dev.millrace.engine.template;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state of one rendering: where it is, and what it may still use. A template is a program that
 * came with a download, so all it does is counted. Owned by the thread that renders.
 */
final class Rendering {
  private static final long STEPS_MAX = 2_000_000;
  private static final long CHARACTERS_MAX = 1L << 25;

  /** Each character of the input may be handled this many times. */
  private static final int PASSES_MAX = 64;

  private static final int DEPTH_MAX = 400;

  private final Map<String, Value> variables;
  private final long charactersMax;
  private long steps;
  private long characters;
  private int depth;
  private int line = 1;

  /**
   * A rendering.
   *
   * @param variables what the template is given
   * @param inputCharacters how long the given texts are together
   */
  Rendering(Map<String, Value> variables, long inputCharacters) {
    this.variables = variables;
    this.charactersMax = CHARACTERS_MAX + PASSES_MAX * inputCharacters;
  }

  @Nullable Value variable(String name) {
    Value own = variables.get(name);
    return own == null ? Globals.get(name) : own;
  }

  /** Says where the template is, and counts. */
  void at(int line) {
    this.line = line;
    if (++steps > STEPS_MAX) {
      throw fail("it takes more than %d steps", STEPS_MAX);
    }
  }

  void step() {
    at(line);
  }

  /** Counts characters or items that are about to be made or looked at. */
  void charge(long count) {
    characters += count;
    if (count < 0 || characters > charactersMax) {
      throw fail("it handles more than %d characters", charactersMax);
    }
  }

  /** Counts a search, which may compare each place with all of what is sought. */
  void chargeSearch(Text in, Text sought) {
    long places = in.string().length();
    charge(places + places * sought.string().length() / 32);
  }

  void enter() {
    if (++depth > DEPTH_MAX) {
      throw fail("it nests deeper than %d levels", DEPTH_MAX);
    }
  }

  void leave() {
    depth--;
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation is in a library we do without
  TemplateException fail(String format, Object... arguments) {
    return new TemplateException(line, String.format(Locale.ROOT, format, arguments));
  }

  /** What Jinja has and this engine has not. */
  TemplateException refuse(String feature) {
    return fail("not supported: %s", feature);
  }

  /** What Jinja says of an operation on something undefined. */
  TemplateException undefined(Undefined value) {
    return fail("%s", value.problem());
  }
}

package dev.millrace.engine.template;

import java.util.ArrayList;
import java.util.List;

/**
 * A Python string that remembers which of its characters came from content and from where in it.
 * Positions are Java's unless a method says otherwise. Immutable.
 *
 * <p>{@code equals} compares characters alone.
 */
public final class Text implements Value {

  /**
   * Characters that content gave.
   *
   * @param start first position in this text
   * @param end position after the last; equal to start where content was edited away
   * @param source which content, a number that its owner chose
   * @param from first position in the content
   * @param to position after the last in the content
   */
  public record Run(int start, int end, int source, int from, int to) {

    /** Whether position by position the run is the content's, though perhaps in other case. */
    boolean linear() {
      return end - start == to - from;
    }
  }

  static final Text EMPTY = of("");

  private final String string;
  private final List<Run> runs;
  private final boolean markup;
  private final boolean surrogates;

  Text(String string, List<Run> runs, boolean markup) {
    this.string = string;
    this.runs = runs;
    this.markup = markup;
    this.surrogates = string.chars().anyMatch(c -> Character.isSurrogate((char) c));
  }

  /** The template's own text. */
  public static Text of(String string) {
    return new Text(string, List.of(), false);
  }

  /** Content: text that must never count as the template's own. */
  public static Text content(String string, int source) {
    Run all = new Run(0, string.length(), source, 0, string.length());
    return new Text(string, string.isEmpty() ? List.of() : List.of(all), false);
  }

  /** One text after the other. */
  public Text plus(Text other) {
    return new TextBuilder().append(this).append(other).text();
  }

  /** The characters. */
  public String string() {
    return string;
  }

  /** What came from content, in order and without overlap. */
  public List<Run> runs() {
    return runs;
  }

  /** Whether it is marked as safe for HTML, which changes what adding to it means. */
  boolean isMarkup() {
    return markup;
  }

  Text markup(boolean wanted) {
    return wanted == markup ? this : new Text(string, runs, wanted);
  }

  boolean isEmpty() {
    return string.isEmpty();
  }

  /** Length in code points, as Python counts. */
  int length() {
    return surrogates ? string.codePointCount(0, string.length()) : string.length();
  }

  /** The position of a code point. */
  int position(int codePoint) {
    return surrogates ? string.offsetByCodePoints(0, codePoint) : codePoint;
  }

  /** How many code points come before a position. */
  int codePoints(int position) {
    return surrogates ? string.codePointCount(0, position) : position;
  }

  /** Characters between two positions. */
  public Text sub(int from, int to) {
    if (from == 0 && to == string.length()) {
      return this;
    }
    if (runs.isEmpty()) {
      return new Text(string.substring(from, to), List.of(), markup);
    }
    return new TextBuilder().append(this, from, to).text().markup(markup);
  }

  /** The code points, each a text. */
  List<Text> characters() {
    List<Text> all = new ArrayList<>();
    for (int at = 0; at < string.length(); ) {
      int next = at + Character.charCount(string.codePointAt(at));
      all.add(sub(at, next));
      at = next;
    }
    return all;
  }

  /** Index of the first run that ends at or after a position. */
  int firstRun(int position) {
    int low = 0;
    int high = runs.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (runs.get(middle).end() < position) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** The text with its content left out, for messages. */
  String ownWords() {
    StringBuilder own = new StringBuilder();
    int at = 0;
    for (Run run : runs) {
      own.append(string, at, run.start());
      if (run.end() > run.start()) {
        own.append('…');
      }
      at = run.end();
    }
    return own.append(string.substring(at)).toString();
  }

  @Override
  public String type() {
    return markup ? "Markup" : "str";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Text text && text.string.equals(string);
  }

  @Override
  public int hashCode() {
    return string.hashCode();
  }

  /** For debuggers: the length, since content must not reach a log. */
  @Override
  public String toString() {
    return type() + " of " + string.length() + " characters";
  }
}

package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.None;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntPredicate;

/** What Python does with strings, keeping track of content. */
final class Strings {
  private Strings() {}

  static Text strip(Rendering rendering, Text text, Value set, boolean left, boolean right) {
    String string = text.string();
    rendering.charge(string.length());
    IntPredicate removed;
    if (set == None.NONE) {
      removed = Characters::isSpace;
    } else {
      String chars = Values.text(rendering, set, "strip").string();
      rendering.charge((long) string.length() * chars.length() / 32);
      removed = point -> chars.indexOf(point) >= 0;
    }
    int from = 0;
    int to = string.length();
    while (left && from < to && removed.test(string.codePointAt(from))) {
      from += Character.charCount(string.codePointAt(from));
    }
    while (right && to > from && removed.test(string.codePointBefore(to))) {
      to -= Character.charCount(string.codePointBefore(to));
    }
    return text.sub(from, to);
  }

  /** With other text in the place of what is found, at most {@code most} times if not negative. */
  static Text replace(Rendering rendering, Text text, Text old, Text with, long most) {
    rendering.chargeSearch(text, old);
    String string = text.string();
    TextBuilder out = new TextBuilder();
    int same = 0;
    long left = most < 0 ? Long.MAX_VALUE : most;
    int at = string.indexOf(old.string());
    while (at >= 0 && left-- > 0) {
      int end = at + old.string().length();
      rendering.charge(with.string().length());
      out.append(text, same, at);
      if (with.runs().isEmpty()) {
        out.appendEdited(with.string(), text, at, end);
      } else {
        out.append(with).appendEdited("", text, at, end);
      }
      same = end;
      if (old.isEmpty() && at == string.length()) {
        break;
      }
      int next = old.isEmpty() ? end + Character.charCount(string.codePointAt(at)) : end;
      at = string.indexOf(old.string(), next);
    }
    return out.append(text, same, string.length()).text();
  }

  static List<Value> split(
      Rendering rendering, Text text, Value separator, long most, boolean fromRight) {
    long left = most < 0 ? Long.MAX_VALUE : most;
    if (separator == None.NONE) {
      rendering.charge(2L * text.string().length());
      return fromRight && left < text.string().length()
          ? splitAtSpaceFromRight(text, left)
          : splitAtSpace(text, left);
    }
    Text at = Values.text(rendering, separator, "split");
    if (at.isEmpty()) {
      throw rendering.fail("split at an empty text");
    }
    rendering.chargeSearch(text, at);
    return fromRight ? splitFromRight(text, at, left) : splitFromLeft(text, at, left);
  }

  private static List<Value> splitFromLeft(Text text, Text separator, long most) {
    List<Value> parts = new ArrayList<>();
    String string = text.string();
    int from = 0;
    int at = string.indexOf(separator.string());
    while (at >= 0 && parts.size() < most) {
      parts.add(text.sub(from, at));
      from = at + separator.string().length();
      at = string.indexOf(separator.string(), from);
    }
    parts.add(text.sub(from, string.length()));
    return parts;
  }

  private static List<Value> splitFromRight(Text text, Text separator, long most) {
    List<Value> parts = new ArrayList<>();
    String string = text.string();
    int length = separator.string().length();
    int to = string.length();
    int at = string.lastIndexOf(separator.string());
    while (at >= 0 && parts.size() < most) {
      parts.add(text.sub(at + length, to));
      to = at;
      at = at < length ? -1 : string.lastIndexOf(separator.string(), at - length);
    }
    parts.add(text.sub(0, to));
    Collections.reverse(parts);
    return parts;
  }

  private static List<Value> splitAtSpace(Text text, long most) {
    List<Value> parts = new ArrayList<>();
    String string = text.string();
    int at = skip(string, 0, true);
    while (at < string.length()) {
      int end = parts.size() < most ? skip(string, at, false) : string.length();
      parts.add(text.sub(at, end));
      at = skip(string, end, true);
    }
    return parts;
  }

  private static List<Value> splitAtSpaceFromRight(Text text, long most) {
    List<Value> parts = new ArrayList<>();
    String string = text.string();
    int to = back(string, string.length(), true);
    while (to > 0) {
      int from = parts.size() < most ? back(string, to, false) : 0;
      parts.add(text.sub(from, to));
      to = back(string, from, true);
    }
    Collections.reverse(parts);
    return parts;
  }

  private static int skip(String string, int from, boolean space) {
    int at = from;
    while (at < string.length() && Characters.isSpace(string.codePointAt(at)) == space) {
      at += Character.charCount(string.codePointAt(at));
    }
    return at;
  }

  private static int back(String string, int from, boolean space) {
    int at = from;
    while (at > 0 && Characters.isSpace(string.codePointBefore(at)) == space) {
      at -= Character.charCount(string.codePointBefore(at));
    }
    return at;
  }

  static List<Value> lines(Rendering rendering, Text text, boolean keepEnds) {
    String string = text.string();
    rendering.charge(string.length());
    List<Value> lines = new ArrayList<>();
    int from = 0;
    for (int at = 0; at < string.length(); at++) {
      if (Characters.isLineBreak(string.charAt(at))) {
        int next = at + (string.startsWith("\r\n", at) ? 2 : 1);
        lines.add(text.sub(from, keepEnds ? next : at));
        from = next;
        at = next - 1;
      }
    }
    if (from < string.length()) {
      lines.add(text.sub(from, string.length()));
    }
    return lines;
  }

  static Text join(Rendering rendering, Text separator, List<Text> parts) {
    TextBuilder out = new TextBuilder();
    for (int i = 0; i < parts.size(); i++) {
      rendering.charge(1L + separator.string().length() + parts.get(i).string().length());
      out.append(i == 0 ? Text.EMPTY : separator).append(parts.get(i));
    }
    return out.text();
  }

  static Value partition(Rendering rendering, Text text, Text separator, boolean last) {
    if (separator.isEmpty()) {
      throw rendering.fail("partition at an empty text");
    }
    rendering.chargeSearch(text, separator);
    String string = text.string();
    int at = last ? string.lastIndexOf(separator.string()) : string.indexOf(separator.string());
    if (at < 0) {
      return Items.tuple(
          last ? List.of(Text.EMPTY, Text.EMPTY, text) : List.of(text, Text.EMPTY, Text.EMPTY));
    }
    int end = at + separator.string().length();
    return Items.tuple(List.of(text.sub(0, at), text.sub(at, end), text.sub(end, string.length())));
  }

  /** Filled up to a width: ljust, rjust or center. */
  static Text justify(Rendering rendering, Text text, long width, Text fill, String how) {
    if (fill.length() != 1) {
      throw rendering.fail("%s fills with one character, not %d", how, fill.length());
    }
    long missing = Math.max(0, width - text.length());
    rendering.charge(missing);
    int all = (int) missing;
    // Python's own rule for the odd one out.
    int left =
        switch (how) {
          case "ljust" -> 0;
          case "rjust" -> all;
          default -> all / 2 + (all & (int) width & 1);
        };
    TextBuilder out = new TextBuilder();
    for (int i = 0; i < left; i++) {
      out.append(fill);
    }
    out.append(text);
    for (int i = left; i < all; i++) {
      out.append(fill);
    }
    return out.text();
  }
}

package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.Bool;
import dev.millrace.engine.template.Value.Int;
import dev.millrace.engine.template.Value.None;
import dev.millrace.engine.template.Value.Real;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The filter {@code tojson} as chat templates have it: Python's {@code json.dumps} without escaping
 * for HTML.
 */
final class Json {
  private final Rendering rendering;
  private final boolean ascii;
  private final @Nullable Text indent;
  private final Text betweenItems;
  private final Text afterKeys;
  private final boolean sorted;
  private final TextBuilder out = new TextBuilder();

  private Json(Rendering rendering, Arguments.Bound options) {
    this.rendering = rendering;
    this.ascii = options.truth("ensure_ascii", false);
    this.sorted = options.truth("sort_keys", false);
    this.indent =
        switch (options.get("indent", None.NONE)) {
          case None ignored -> null;
          case Text text -> text;
          case Value width -> {
            long spaces = Math.max(0, Values.integer(rendering, width));
            rendering.charge(spaces);
            yield Text.of(" ".repeat((int) spaces));
          }
        };
    switch (options.get("separators", None.NONE)) {
      case None ignored -> {
        betweenItems = Text.of(indent == null ? ", " : ",");
        afterKeys = Text.of(": ");
      }
      case Items pair when pair.values().size() == 2 -> {
        betweenItems = Values.plain(rendering, pair.values().get(0), "tojson");
        afterKeys = Values.plain(rendering, pair.values().get(1), "tojson");
      }
      default -> throw rendering.fail("tojson takes two texts as separators");
    }
  }

  static Text of(Rendering rendering, Value value, Arguments arguments) {
    Arguments.Bound options =
        arguments.bind(rendering, "tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
    Json json = new Json(rendering, options);
    json.write(value, 0);
    return json.out.text();
  }

  private void write(Value value, int level) {
    rendering.enter();
    rendering.charge(1);
    switch (value) {
      case None ignored -> out.append("null");
      case Bool truth -> out.append(truth == Bool.TRUE ? "true" : "false");
      case Int number -> out.append(Long.toString(number.value()));
      case Real number -> out.append(real(number.value()));
      case Text text -> quote(text);
      case Items items -> list(items.values(), level);
      case Dict dict -> mapping(dict, level);
      default -> throw rendering.fail("tojson does not take a value of type %s", value.type());
    }
    rendering.leave();
  }

  private static String real(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "Infinity" : "-Infinity";
    }
    return Printer.real(value);
  }

  private void list(List<Value> values, int level) {
    if (values.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append("[");
    for (int i = 0; i < values.size(); i++) {
      out.append(i == 0 ? Text.EMPTY : betweenItems);
      newLine(level + 1);
      write(values.get(i), level + 1);
    }
    newLine(level);
    out.append("]");
  }

  private void mapping(Dict dict, int level) {
    if (dict.size() == 0) {
      out.append("{}");
      return;
    }
    List<Value> keys = new ArrayList<>();
    dict.entries().forEach(entry -> keys.add(entry.key()));
    out.append("{");
    boolean first = true;
    for (Value key : sorted ? Comparison.sorted(rendering, keys, keys, false) : keys) {
      out.append(first ? Text.EMPTY : betweenItems);
      first = false;
      newLine(level + 1);
      quote(name(key));
      out.append(afterKeys);
      Value value = dict.get(key);
      write(value == null ? None.NONE : value, level + 1);
    }
    newLine(level);
    out.append("}");
  }

  private Text name(Value key) {
    return switch (key) {
      case Text text -> text;
      case None ignored -> Text.of("null");
      case Bool truth -> Text.of(truth == Bool.TRUE ? "true" : "false");
      case Int number -> Text.of(Long.toString(number.value()));
      case Real number -> Text.of(real(number.value()));
      default -> throw rendering.fail("tojson does not take a key of type %s", key.type());
    };
  }

  private void newLine(int level) {
    if (indent != null) {
      rendering.charge(1 + (long) level * indent.string().length());
      out.append("\n");
      for (int i = 0; i < level; i++) {
        out.append(indent);
      }
    }
  }

  private void quote(Text text) {
    String string = text.string();
    rendering.charge(string.length());
    out.append("\"");
    int plain = 0;
    for (int at = 0; at < string.length(); at++) {
      String escaped = escaped(string.charAt(at));
      if (!escaped.isEmpty()) {
        rendering.charge(escaped.length());
        out.append(text, plain, at).appendEdited(escaped, text, at, at + 1);
        plain = at + 1;
      }
    }
    out.append(text, plain, string.length()).append("\"");
  }

  /** How a character is written that does not stand for itself, else nothing. */
  private String escaped(char character) {
    return switch (character) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\f' -> "\\f";
      case '\b' -> "\\b";
      default ->
          character < ' ' || (ascii && character > '~')
              ? String.format(Locale.ROOT, "\\u%04x", (int) character)
              : "";
    };
  }
}

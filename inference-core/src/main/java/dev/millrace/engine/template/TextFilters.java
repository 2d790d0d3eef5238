package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.Bool;
import dev.millrace.engine.template.Value.Int;
import dev.millrace.engine.template.Value.None;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Jinja's filters for text. */
final class TextFilters {
  private static final String WORD_BEGINNINGS = "-({[<";

  private TextFilters() {}

  static void addTo(Map<String, Filters.Filter> table) {
    table.put("upper", (r, in, given) -> Cases.upper(r, soft(r, in, given)));
    table.put("lower", (r, in, given) -> Cases.lower(r, soft(r, in, given)));
    table.put("capitalize", (r, in, given) -> Cases.capitalize(r, soft(r, in, given)));
    table.put("title", (r, in, given) -> title(r, Values.plain(r, soft(r, in, given), "title")));
    table.put("string", (r, in, given) -> soft(r, in, given));
    table.put("wordcount", (r, in, given) -> wordCount(r, soft(r, in, given)));
    table.put("trim", TextFilters::trim);
    table.put("replace", TextFilters::replace);
    table.put("join", TextFilters::join);
    table.put("format", TextFilters::format);
    table.put("center", TextFilters::center);
    table.put("indent", TextFilters::indent);
    table.put("truncate", TextFilters::truncate);
    table.put("urlencode", TextFilters::urlEncode);
    table.put("tojson", Json::of);
    table.put("safe", (r, in, given) -> soft(r, in, given).markup(true));
    table.put("escape", TextFilters::escape);
    table.put("e", TextFilters::escape);
    table.put(
        "forceescape", (r, in, given) -> escape(r, soft(r, in, given).markup(false)).markup(true));
  }

  /** Text as it is, of other values what printing them gives. For filters without arguments. */
  private static Text soft(Rendering rendering, Value input, Arguments given) {
    given.positionalOnly(rendering, "a filter", 0, 0);
    return soft(rendering, input);
  }

  private static Text soft(Rendering rendering, Value input) {
    return input instanceof Text text ? text : Printer.string(rendering, input);
  }

  private static Value escape(Rendering rendering, Value input, Arguments given) {
    Text text = soft(rendering, input, given);
    return text.isMarkup() ? text : escape(rendering, text).markup(true);
  }

  /** With entities in the place of what HTML reads otherwise. */
  static Text escape(Rendering rendering, Text text) {
    String string = text.string();
    rendering.charge(string.length());
    TextBuilder out = new TextBuilder();
    int same = 0;
    for (int at = 0; at < string.length(); at++) {
      String entity =
          switch (string.charAt(at)) {
            case '&' -> "&amp;";
            case '<' -> "&lt;";
            case '>' -> "&gt;";
            case '"' -> "&#34;";
            case '\'' -> "&#39;";
            default -> "";
          };
      if (!entity.isEmpty()) {
        rendering.charge(entity.length());
        out.append(text, same, at).appendEdited(entity, text, at, at + 1);
        same = at + 1;
      }
    }
    return out.append(text, same, string.length()).text();
  }

  private static Text title(Rendering rendering, Text text) {
    String string = text.string();
    TextBuilder out = new TextBuilder();
    int at = 0;
    while (at < string.length()) {
      boolean word = !beginsWord(string.codePointAt(at));
      int end = at;
      while (end < string.length() && beginsWord(string.codePointAt(end)) != word) {
        end += Character.charCount(string.codePointAt(end));
      }
      int second = at + Character.charCount(string.codePointAt(at));
      out.append(Cases.upper(rendering, text.sub(at, second)));
      out.append(Cases.lower(rendering, text.sub(second, end)));
      at = end;
    }
    return out.text();
  }

  private static boolean beginsWord(int point) {
    return Characters.isSpace(point) || WORD_BEGINNINGS.indexOf(point) >= 0;
  }

  private static Value wordCount(Rendering rendering, Text text) {
    rendering.charge(text.string().length());
    long count = 0;
    boolean inside = false;
    for (int point : text.string().codePoints().toArray()) {
      boolean word = point == '_' || Characters.isWordCharacter(point);
      count += word && !inside ? 1 : 0;
      inside = word;
    }
    return new Int(count);
  }

  private static Value trim(Rendering rendering, Value input, Arguments given) {
    Value chars = given.bind(rendering, "trim", 0, "chars").get("chars", None.NONE);
    return Strings.strip(rendering, soft(rendering, input), chars, true, true);
  }

  private static Value replace(Rendering rendering, Value input, Arguments given) {
    Arguments.Bound bound = given.bind(rendering, "replace", 2, "old", "new", "count");
    boolean all = bound.get("count", None.NONE) == None.NONE;
    return Strings.replace(
        rendering,
        Printer.string(rendering, input),
        Printer.string(rendering, bound.need("old")),
        Printer.string(rendering, bound.need("new")),
        all ? -1 : bound.integer("count", -1));
  }

  private static Value join(Rendering rendering, Value input, Arguments given) {
    Arguments.Bound bound = given.bind(rendering, "join", 0, "d", "attribute");
    Value attribute = bound.get("attribute", None.NONE);
    List<Text> parts = new ArrayList<>();
    for (Value item : Values.list(rendering, input)) {
      Value part =
          attribute == None.NONE
              ? item
              : Attributes.of(rendering, attribute, None.NONE).get(rendering, item);
      parts.add(Printer.string(rendering, part));
    }
    Text separator = Printer.string(rendering, bound.get("d", Text.EMPTY));
    return Strings.join(rendering, separator, parts);
  }

  private static Value format(Rendering rendering, Value input, Arguments given) {
    Text format = soft(rendering, input);
    if (given.keywords().isEmpty()) {
      return PercentFormat.format(rendering, format, Items.tuple(given.positional()));
    }
    if (!given.positional().isEmpty()) {
      throw rendering.fail("format takes values in order or by name, not both");
    }
    Dict named = new Dict();
    given.keywords().forEach((name, value) -> named.put(Text.of(name), value));
    return PercentFormat.format(rendering, format, named);
  }

  private static Value center(Rendering rendering, Value input, Arguments given) {
    long width = given.bind(rendering, "center", 0, "width").integer("width", 80);
    Text text = Values.plain(rendering, soft(rendering, input), "center");
    return Strings.justify(rendering, text, width, Text.of(" "), "center");
  }

  private static Value indent(Rendering rendering, Value input, Arguments given) {
    Arguments.Bound bound = given.bind(rendering, "indent", 0, "width", "first", "blank");
    Text indention =
        bound.get("width") instanceof Text text
            ? text
            : Strings.justify(
                rendering, Text.EMPTY, bound.integer("width", 4), Text.of(" "), "ljust");
    Text all = Values.plain(rendering, input, "indent").plus(Text.of("\n"));
    boolean blank = bound.truth("blank", false);
    TextBuilder out = new TextBuilder();
    boolean first = true;
    for (Value value : Strings.lines(rendering, all, false)) {
      Text line = (Text) value;
      rendering.charge(indention.string().length() + 1L);
      out.append(first ? "" : "\n");
      if (first ? bound.truth("first", false) : blank || !line.isEmpty()) {
        out.append(indention);
      }
      out.append(line);
      first = false;
    }
    return out.text();
  }

  private static Value truncate(Rendering rendering, Value input, Arguments given) {
    Arguments.Bound bound =
        given.bind(rendering, "truncate", 0, "length", "killwords", "end", "leeway");
    long length = bound.integer("length", 255);
    Text end = bound.text("end", Text.of("..."));
    long leeway = bound.get("leeway", None.NONE) == None.NONE ? 5 : bound.integer("leeway", 5);
    Text text = Values.plain(rendering, input, "truncate");
    if (length < end.length() || leeway < 0) {
      throw rendering.fail("truncate to less than its own ending");
    }
    if (text.length() <= length + leeway) {
      return text;
    }
    Text start = text.sub(0, text.position((int) length - end.length()));
    int space = start.string().lastIndexOf(' ');
    boolean cut =
        bound.get("killwords", Bool.FALSE) != Bool.FALSE && bound.truth("killwords", false);
    return (cut || space < 0 ? start : start.sub(0, space)).plus(end);
  }

  private static Value urlEncode(Rendering rendering, Value input, Arguments given) {
    given.positionalOnly(rendering, "urlencode", 0, 0);
    if (!(input instanceof Text) && Values.isIterable(input)) {
      throw rendering.refuse("urlencode of several values");
    }
    Text text = soft(rendering, input).markup(false);
    String string = text.string();
    rendering.charge(4L * string.length());
    TextBuilder out = new TextBuilder();
    for (int at = 0; at < string.length(); ) {
      int point = string.codePointAt(at);
      int next = at + Character.charCount(point);
      if (point < 0x80 && (Character.isLetterOrDigit(point) || "_.-~/".indexOf(point) >= 0)) {
        out.append(text, at, next);
      } else {
        StringBuilder bytes = new StringBuilder();
        for (byte b : Character.toString(point).getBytes(StandardCharsets.UTF_8)) {
          bytes.append(String.format(Locale.ROOT, "%%%02X", b & 0xff));
        }
        out.appendEdited(bytes.toString(), text, at, next);
      }
      at = next;
    }
    return out.text();
  }
}

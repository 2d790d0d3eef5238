package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.Int;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The method {@code format} of a string, with the plain ones of Python's format specifications. */
final class BraceFormat {
  private static final Pattern SPECIFICATION =
      Pattern.compile("(?:(.)?([<>^]))?(0)?([0-9]{1,5})?(,)?(?:\\.([0-9]{1,5}))?([sdf])?");

  private final Rendering rendering;
  private final Arguments given;
  private int next;
  private boolean numbered;

  private BraceFormat(Rendering rendering, Arguments given) {
    this.rendering = rendering;
    this.given = given;
  }

  static Text format(Rendering rendering, Text format, Arguments given) {
    return new BraceFormat(rendering, given).run(format);
  }

  private Text run(Text format) {
    String string = format.string();
    rendering.charge(string.length());
    TextBuilder out = new TextBuilder();
    int from = 0;
    for (int at = 0; at < string.length(); at++) {
      char character = string.charAt(at);
      if (character != '{' && character != '}') {
        continue;
      }
      out.append(format, from, at);
      if (string.startsWith(character == '{' ? "{{" : "}}", at)) {
        from = ++at;
        continue;
      }
      int end = string.indexOf('}', at);
      if (character == '}' || end < 0) {
        throw rendering.fail("a format has a single brace");
      }
      Text field = field(string.substring(at + 1, end));
      rendering.charge(field.string().length());
      out.append(field);
      at = end;
      from = end + 1;
    }
    return out.append(format, from, string.length()).text();
  }

  private Text field(String field) {
    if (field.indexOf('{') >= 0) {
      throw rendering.refuse("braces inside the braces of a format");
    }
    int colon = field.indexOf(':');
    String specification = colon < 0 ? "" : field.substring(colon + 1);
    String name = colon < 0 ? field : field.substring(0, colon);
    int mark = name.indexOf('!');
    String conversion = mark < 0 ? "" : name.substring(mark + 1);
    Value value = value(mark < 0 ? name : name.substring(0, mark));
    return switch (conversion) {
      case "" -> formatted(value, specification);
      case "s" -> formatted(Printer.string(rendering, value), specification);
      case "r" -> formatted(Printer.repr(rendering, value), specification);
      default -> throw rendering.refuse("the conversion !" + conversion + " in a format");
    };
  }

  private Value value(String name) {
    Matcher first = Pattern.compile("[^.\\[\\]]*").matcher(name);
    first.lookingAt();
    int at = first.end();
    if (at == 0 && !name.isEmpty()) {
      throw rendering.fail("a format has a field without a name");
    }
    Value value = argument(first.group());
    Matcher part = Pattern.compile("\\.([^.\\[\\]]+)|\\[([^\\]]+)\\]").matcher(name);
    while (at < name.length()) {
      if (!part.region(at, name.length()).lookingAt()) {
        throw rendering.fail("a format has a field that cannot be read");
      }
      String index = part.group(2);
      value =
          index == null
              ? Members.attribute(rendering, value, part.group(1))
              : Members.item(
                  rendering,
                  value,
                  index.matches("[0-9]{1,9}") ? new Int(Long.parseLong(index)) : Text.of(index));
      at = part.end();
    }
    return value;
  }

  private Value argument(String name) {
    if (name.isEmpty() || name.matches("[0-9]{1,9}")) {
      numbered |= !name.isEmpty();
      if (numbered && (name.isEmpty() || next > 0)) {
        throw rendering.fail("a format counts by itself and is given numbers");
      }
      int index = name.isEmpty() ? next++ : Integer.parseInt(name);
      if (index >= given.positional().size()) {
        throw rendering.fail("a format needs more than %d values", given.positional().size());
      }
      return given.positional().get(index);
    }
    Value value = given.keywords().get(name);
    if (value == null) {
      throw rendering.fail("a format names %s, which is not given", name);
    }
    return value;
  }

  private Text formatted(Value value, String specification) {
    if (specification.isEmpty()) {
      return Printer.string(rendering, value);
    }
    Matcher matcher = SPECIFICATION.matcher(specification);
    boolean text = value instanceof Text;
    if (!matcher.matches() || !(text || value instanceof Int || value instanceof Value.Real)) {
      throw rendering.refuse("the format specification " + specification);
    }
    String kind = matcher.group(7);
    boolean fixed = "f".equals(kind);
    boolean fits =
        text
            ? matcher.group(3) == null && matcher.group(5) == null && !fixed && !"d".equals(kind)
            : fixed || (value instanceof Int && matcher.group(6) == null && !"s".equals(kind));
    fits &= matcher.group(5) == null || (value instanceof Int && !fixed);
    if (!fits) {
      throw rendering.refuse("the format specification " + specification);
    }
    int digits = matcher.group(6) == null ? -1 : Integer.parseInt(matcher.group(6));
    Text body;
    if (value instanceof Text of) {
      body = digits < 0 || digits >= of.length() ? of : of.sub(0, of.position(digits));
    } else if (fixed) {
      body = Text.of(Numbers.fixed(rendering, value, digits < 0 ? 6 : digits));
    } else {
      body = Printer.string(rendering, value);
    }
    if (matcher.group(5) != null && value instanceof Int number) {
      body = Text.of(String.format(Locale.ROOT, "%,d", number.value()));
    }
    return padded(matcher, body, text);
  }

  private Text padded(Matcher matcher, Text body, boolean text) {
    long width = matcher.group(4) == null ? 0 : Long.parseLong(matcher.group(4));
    String align = matcher.group(2);
    if (matcher.group(3) != null) {
      if (align != null || matcher.group(5) != null) {
        throw rendering.refuse("zeros beside an alignment or commas in a format");
      }
      return Numbers.zeros(rendering, body, width);
    }
    Text fill = Text.of(matcher.group(1) == null ? " " : matcher.group(1));
    if ("^".equals(align)) {
      long missing = Math.max(0, width - body.length());
      Text left = Strings.justify(rendering, body, body.length() + missing / 2, fill, "rjust");
      return Strings.justify(rendering, left, width, fill, "ljust");
    }
    boolean right = align == null ? !text : align.equals(">");
    return Strings.justify(rendering, body, width, fill, right ? "rjust" : "ljust");
  }
}

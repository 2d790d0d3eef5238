package dev.millrace.engine.template;

import dev.millrace.engine.template.Value.Bool;
import dev.millrace.engine.template.Value.Int;
import dev.millrace.engine.template.Value.None;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The methods of a Python string. */
final class StringMethods {
  private static final Set<String> REFUSED =
      Set.of(
          "casefold",
          "encode",
          "expandtabs",
          "format_map",
          "isidentifier",
          "isnumeric",
          "isprintable",
          "istitle",
          "maketrans",
          "swapcase",
          "translate");

  private StringMethods() {}

  /** A method, or null if Python's strings have none of that name. */
  static @Nullable Value get(Rendering rendering, Text text, String name) {
    if (REFUSED.contains(name)) {
      throw rendering.refuse("the method " + name + " of a string");
    }
    Function method = method(text, name);
    if (method != null && text.isMarkup()) {
      throw rendering.refuse("methods of text marked safe or escaped");
    }
    return method;
  }

  private static @Nullable Function method(Text text, String name) {
    return switch (name) {
      case "upper" -> plain(name, r -> Cases.upper(r, text));
      case "lower" -> plain(name, r -> Cases.lower(r, text));
      case "title" -> plain(name, r -> Cases.title(r, text));
      case "capitalize" -> plain(name, r -> Cases.capitalize(r, text));
      case "strip", "lstrip", "rstrip" ->
          new Function((r, given) -> {
            List<Value> chars = given.positionalOnly(r, name, 0, 1);
            Value set = chars.isEmpty() ? None.NONE : chars.getFirst();
            return Strings.strip(r, text, set, !name.equals("rstrip"), !name.equals("lstrip"));
          });
      case "startswith", "endswith" ->
          new Function((r, given) -> {
            List<Value> all = given.positionalOnly(r, name, 1, 3);
            return Bool.of(touches(r, text, all, name.equals("startswith")));
          });
      case "find", "rfind", "index", "rindex" ->
          new Function((r, given) -> {
            long at = find(r, text, given.positionalOnly(r, name, 1, 3), name.startsWith("r"));
            if (at < 0 && name.endsWith("index")) {
              throw r.fail("%s finds nothing", name);
            }
            return new Int(at);
          });
      case "count" -> new Function((r, given) -> count(r, text, given));
      case "replace" ->
          new Function((r, given) -> {
            List<Value> all = given.positionalOnly(r, name, 2, 3);
            return Strings.replace(
                r,
                text,
                Values.text(r, all.get(0), name),
                Values.text(r, all.get(1), name),
                all.size() < 3 ? -1 : Values.integer(r, all.get(2)));
          });
      case "split", "rsplit" ->
          new Function((r, given) -> {
            Arguments.Bound bound = given.bind(r, name, 0, "sep", "maxsplit");
            Value separator = bound.get("sep", None.NONE);
            long most = bound.integer("maxsplit", -1);
            return Items.list(Strings.split(r, text, separator, most, name.equals("rsplit")));
          });
      case "splitlines" ->
          new Function((r, given) -> {
            boolean ends = given.bind(r, name, 0, "keepends").truth("keepends", false);
            return Items.list(Strings.lines(r, text, ends));
          });
      case "join" ->
          new Function((r, given) -> {
            Value parts = given.positionalOnly(r, name, 1, 1).getFirst();
            return Strings.join(
                r,
                text,
                Values.list(r, parts).stream().map(part -> Values.plain(r, part, name)).toList());
          });
      case "partition", "rpartition" ->
          new Function((r, given) -> {
            Value separator = given.positionalOnly(r, name, 1, 1).getFirst();
            return Strings.partition(
                r, text, Values.text(r, separator, name), name.equals("rpartition"));
          });
      case "removeprefix" ->
          new Function((r, given) -> {
            Text prefix = Values.text(r, given.positionalOnly(r, name, 1, 1).getFirst(), name);
            int length = prefix.string().length();
            boolean there = text.string().startsWith(prefix.string());
            return there ? text.sub(length, text.string().length()) : text;
          });
      case "removesuffix" ->
          new Function((r, given) -> {
            Text suffix = Values.text(r, given.positionalOnly(r, name, 1, 1).getFirst(), name);
            int length = suffix.string().length();
            boolean there = text.string().endsWith(suffix.string());
            return there ? text.sub(0, text.string().length() - length) : text;
          });
      case "ljust", "rjust", "center" ->
          new Function((r, given) -> {
            List<Value> all = given.positionalOnly(r, name, 1, 2);
            Text fill = all.size() < 2 ? Text.of(" ") : Values.text(r, all.get(1), name);
            return Strings.justify(r, text, Values.integer(r, all.getFirst()), fill, name);
          });
      case "zfill" ->
          new Function((r, given) -> {
            long width = Values.integer(r, given.positionalOnly(r, name, 1, 1).getFirst());
            boolean signed = text.string().startsWith("-") || text.string().startsWith("+");
            Text sign = text.sub(0, signed ? 1 : 0);
            Text digits = text.sub(signed ? 1 : 0, text.string().length());
            long rest = width - (signed ? 1 : 0);
            return sign.plus(Strings.justify(r, digits, rest, Text.of("0"), "rjust"));
          });
      case "format" -> new Function((r, given) -> BraceFormat.format(r, text, given));
      case "isupper" -> plain(name, r -> Bool.of(Cases.isAll(text, true)));
      case "islower" -> plain(name, r -> Bool.of(Cases.isAll(text, false)));
      case "isspace" -> plain(name, r -> all(text, Characters::isSpace));
      case "isalpha" -> plain(name, r -> all(text, Character::isLetter));
      case "isdecimal" -> plain(name, r -> all(text, Character::isDigit));
      case "isdigit" -> plain(name, r -> all(text, point -> isDigit(r, point)));
      case "isalnum" -> plain(name, r -> all(text, Characters::isWordCharacter));
      case "isascii" ->
          plain(name, r -> Bool.of(text.string().chars().allMatch(point -> point < 0x80)));
      default -> null;
    };
  }

  private interface Body {
    Value of(Rendering rendering);
  }

  private static Function plain(String name, Body body) {
    return new Function((r, given) -> {
      given.positionalOnly(r, name, 0, 0);
      return body.of(r);
    });
  }

  private static Bool all(Text text, IntPredicate test) {
    return Bool.of(!text.isEmpty() && text.string().codePoints().allMatch(test));
  }

  private static boolean isDigit(Rendering rendering, int point) {
    if (Character.getType(point) == Character.OTHER_NUMBER) {
      throw rendering.refuse("isdigit of raised and circled numbers");
    }
    return Character.isDigit(point);
  }

  private static boolean touches(Rendering rendering, Text text, List<Value> given, boolean start) {
    Text in = part(rendering, text, given);
    boolean outside = in == null;
    List<Value> wanted =
        given.getFirst() instanceof Items items && items.isTuple()
            ? items.values()
            : List.of(given.getFirst());
    for (Value each : wanted) {
      String sought = Values.text(rendering, each, "startswith and endswith").string();
      String string = in == null ? "" : in.string();
      if (!outside && (start ? string.startsWith(sought) : string.endsWith(sought))) {
        return true;
      }
    }
    return false;
  }

  private static long find(Rendering rendering, Text text, List<Value> given, boolean last) {
    Text sought = Values.text(rendering, given.getFirst(), "find and index");
    Text in = part(rendering, text, given);
    if (in == null) {
      return -1;
    }
    rendering.chargeSearch(in, sought);
    int at = last ? in.string().lastIndexOf(sought.string()) : in.string().indexOf(sought.string());
    return at < 0 ? -1 : in.codePoints(at) + start(rendering, text, given);
  }

  private static Value count(Rendering rendering, Text text, Arguments arguments) {
    List<Value> given = arguments.positionalOnly(rendering, "count", 1, 3);
    Text sought = Values.text(rendering, given.getFirst(), "count");
    Text in = part(rendering, text, given);
    if (in == null) {
      return new Int(0);
    }
    if (sought.isEmpty()) {
      return new Int(in.length() + 1L);
    }
    rendering.chargeSearch(in, sought);
    long count = 0;
    int at = in.string().indexOf(sought.string());
    while (at >= 0) {
      count++;
      at = in.string().indexOf(sought.string(), at + sought.string().length());
    }
    return new Int(count);
  }

  private static long start(Rendering rendering, Text text, List<Value> given) {
    if (given.size() < 2 || given.get(1) == None.NONE) {
      return 0;
    }
    long start = Values.integer(rendering, given.get(1));
    return Math.max(0, start < 0 ? start + text.length() : start);
  }

  /** The part that a start and an end leave, or null if the start lies beyond the end. */
  private static @Nullable Text part(Rendering rendering, Text text, List<Value> given) {
    long length = text.length();
    long start = start(rendering, text, given);
    long end = length;
    if (given.size() > 2 && given.get(2) != None.NONE) {
      end = Values.integer(rendering, given.get(2));
      end = Math.clamp(end < 0 ? end + length : end, 0, length);
    }
    if (start > end) {
      return null;
    }
    return text.sub(text.position((int) start), text.position((int) end));
  }
}

package dev.millrace.operations.config;

import dev.millrace.schema.RegistrySettings;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * How the text of a value is read. Immutable.
 *
 * @param name what the reference page calls it, with bounds
 * @param verbatim whether white space around the text is part of it
 * @param parser reads a text or throws {@link IllegalArgumentException} with what was expected
 */
public record ConfigType<T>(String name, boolean verbatim, Function<String, T> parser) {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,12})\\s*(ms|s|m|h|d)");
  private static final Pattern LOG_LEVEL =
      Pattern.compile("([\\w.$]+)\\s*=\\s*((?i:OFF|ERROR|WARN|INFO|DEBUG|TRACE))");
  private static final Pattern BYTES = Pattern.compile("(\\d{1,12})\\s*(B|KiB|MiB|GiB)?");

  /** Of a text without the white space around it. */
  ConfigType(String name, Function<String, T> parser) {
    this(name, false, parser);
  }

  /** The value of a text as it stands in file or environment. */
  T read(String text) {
    return parser.apply(verbatim ? text : text.strip());
  }

  /** Any text that is not blank. */
  public static ConfigType<String> text() {
    return new ConfigType<>(
        "text",
        text -> {
          if (text.isBlank()) {
            throw new IllegalArgumentException("a text that is not blank");
          }
          return text;
        });
  }

  /** Any text, empty for none. */
  public static ConfigType<String> optionalText() {
    return new ConfigType<>("text, empty for none", Function.identity());
  }

  /** {@code LOGGER=LEVEL} separated by commas, empty for none; in the order of the names. */
  public static ConfigType<Map<String, String>> logLevels() {
    return new ConfigType<>(
        "list of LOGGER=LEVEL, empty for none",
        text -> {
          Map<String, String> levels = new TreeMap<>();
          for (String part : text.split(",")) {
            Matcher level = LOG_LEVEL.matcher(part.strip());
            if (level.matches()) {
              levels.put(level.group(1), level.group(2).toUpperCase(Locale.ROOT));
            } else if (!part.isBlank()) {
              throw new IllegalArgumentException(
                  "LOGGER=LEVEL, with a level of OFF, ERROR, WARN, INFO, DEBUG, TRACE");
            }
          }
          return Collections.unmodifiableMap(levels);
        });
  }

  /** A regular expression of {@link Pattern}, empty for none. */
  public static ConfigType<String> regex() {
    return new ConfigType<>(
        "regular expression, empty for none",
        text -> {
          try {
            Pattern.compile(text);
          } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                String.format(
                    Locale.ROOT,
                    "a regular expression: %s at index %d",
                    e.getDescription(),
                    e.getIndex()),
                e);
          }
          return text;
        });
  }

  /** Any text, white space included; <code>\n</code> and <code>\t</code> stand for theirs. */
  public static ConfigType<String> separator() {
    return new ConfigType<>(
        "text, with \\n for a line end and \\t for a tab",
        true,
        text -> text.replace("\\n", "\n").replace("\\t", "\t"));
  }

  /** One character; <code>\t</code> is a tab. */
  public static ConfigType<Character> character() {
    return new ConfigType<>(
        "one character, \\t for a tab",
        true,
        text -> {
          String one = text.equals("\\t") ? "\t" : text;
          if (one.length() != 1 || "\"\r\n".contains(one)) {
            throw new IllegalArgumentException(
                "one character that is no quotation mark and no line end");
          }
          return one.charAt(0);
        });
  }

  /** Texts separated by commas, or a YAML list. */
  public static ConfigType<List<String>> list() {
    return new ConfigType<>(
        "list",
        text -> {
          List<String> parts =
              Arrays.stream(text.split(",")).map(String::strip).filter(s -> !s.isEmpty()).toList();
          if (parts.isEmpty()) {
            throw new IllegalArgumentException("at least one entry");
          }
          return parts;
        });
  }

  /** Base addresses of a registry; a comma in a password separates nothing. */
  public static ConfigType<List<String>> registryUrls() {
    return new ConfigType<>(
        "list",
        text -> {
          List<String> urls = RegistrySettings.splitUrls(text);
          if (urls.isEmpty()) {
            throw new IllegalArgumentException("at least one entry");
          }
          RegistrySettings.problem(urls)
              .ifPresent(problem -> {
                throw new IllegalArgumentException("URLs: " + problem);
              });
          return urls;
        });
  }

  /** Brokers; what has an @ holds credentials, which Kafka would quote in its messages. */
  public static ConfigType<List<String>> brokers() {
    return new ConfigType<>(
        "list",
        text -> {
          if (text.indexOf('@') >= 0) {
            throw new IllegalArgumentException(
                "host:port without credentials, which belong into kafka.client.sasl.jaas.config");
          }
          return list().parser().apply(text);
        });
  }

  /** A whole number. */
  public static ConfigType<Integer> integer(int min, int max) {
    String name = "integer " + min + ".." + max;
    return new ConfigType<>(
        name,
        text -> {
          long value;
          try {
            value = Long.parseLong(text);
          } catch (NumberFormatException e) {
            throw new IllegalArgumentException("an " + name, e);
          }
          if (value < min || value > max) {
            throw new IllegalArgumentException("an " + name);
          }
          return (int) value;
        });
  }

  /** A size such as {@code 8MiB}. */
  public static ConfigType<Long> bytes(long min, long max) {
    String name = "size %s..%s".formatted(showBytes(min), showBytes(max));
    return new ConfigType<>(
        name,
        text -> {
          Matcher matcher = BYTES.matcher(text);
          if (matcher.matches()) {
            long unit =
                switch (matcher.group(2) == null ? "B" : matcher.group(2)) {
                  case "GiB" -> 1L << 30;
                  case "MiB" -> 1L << 20;
                  case "KiB" -> 1L << 10;
                  default -> 1L;
                };
            long count = Long.parseLong(matcher.group(1));
            if (count <= Long.MAX_VALUE / unit && count * unit >= min && count * unit <= max) {
              return count * unit;
            }
          }
          throw new IllegalArgumentException("a " + name + ", e.g. 512KiB or 8MiB");
        });
  }

  /** A time such as {@code 200ms}. */
  public static ConfigType<Duration> duration(Duration min, Duration max) {
    String name = "duration %s..%s".formatted(showDuration(min), showDuration(max));
    return new ConfigType<>(
        name,
        text -> {
          Matcher matcher = DURATION.matcher(text);
          if (matcher.matches()) {
            long count = Long.parseLong(matcher.group(1));
            Duration value =
                switch (matcher.group(2)) {
                  case "ms" -> Duration.ofMillis(count);
                  case "s" -> Duration.ofSeconds(count);
                  case "m" -> Duration.ofMinutes(count);
                  case "h" -> Duration.ofHours(count);
                  default -> Duration.ofDays(count);
                };
            if (value.compareTo(min) >= 0 && value.compareTo(max) <= 0) {
              return value;
            }
          }
          throw new IllegalArgumentException("a " + name + ", e.g. 500ms, 30s or 5m");
        });
  }

  /** {@code true} or {@code false}. */
  public static ConfigType<Boolean> bool() {
    return new ConfigType<>(
        "true or false",
        text ->
            switch (text) {
              case "true" -> true;
              case "false" -> false;
              default -> throw new IllegalArgumentException("true or false");
            });
  }

  /** One of an enum's constants, in lower case. */
  public static <E extends Enum<E>> ConfigType<E> oneOf(Class<E> constants) {
    List<String> names =
        Arrays.stream(constants.getEnumConstants())
            .map(constant -> constant.name().toLowerCase(Locale.ROOT))
            .toList();
    String name = "one of " + String.join(", ", names);
    return new ConfigType<>(
        name,
        text -> {
          if (!names.contains(text)) {
            throw new IllegalArgumentException(name);
          }
          return Enum.valueOf(constants, text.toUpperCase(Locale.ROOT));
        });
  }

  /** What {@code type} reads, or nothing. */
  public static <T> ConfigType<Optional<T>> maybe(ConfigType<T> type) {
    return new ConfigType<>(
        type.name() + ", empty for none",
        text -> text.isEmpty() ? Optional.empty() : Optional.of(type.parser().apply(text)));
  }

  /** A file or directory; a relative one lies beside the configuration file. */
  public static ConfigType<Path> path() {
    return new ConfigType<>(
        "path",
        text -> {
          if (text.isBlank()) {
            throw new IllegalArgumentException("a path");
          }
          try {
            return Path.of(text);
          } catch (InvalidPathException e) {
            throw new IllegalArgumentException(
                "a path that the character set of this locale (%s) can name; set LC_ALL=C.UTF-8"
                    .formatted(System.getProperty("sun.jnu.encoding")),
                e);
          }
        });
  }

  private static String showBytes(long bytes) {
    if (bytes >= 1L << 30 && bytes % (1L << 30) == 0) {
      return (bytes >> 30) + "GiB";
    }
    if (bytes >= 1L << 20 && bytes % (1L << 20) == 0) {
      return (bytes >> 20) + "MiB";
    }
    if (bytes >= 1L << 10 && bytes % (1L << 10) == 0) {
      return (bytes >> 10) + "KiB";
    }
    return bytes + "B";
  }

  private static String showDuration(Duration duration) {
    long millis = duration.toMillis();
    if (millis % 86_400_000 == 0 && millis > 0) {
      return millis / 86_400_000 + "d";
    }
    if (millis % 3_600_000 == 0 && millis > 0) {
      return millis / 3_600_000 + "h";
    }
    if (millis % 60_000 == 0 && millis > 0) {
      return millis / 60_000 + "m";
    }
    return millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
  }

  /** A duration within bounds that are counted in {@code ms} or seconds. */
  public static ConfigType<Duration> time(String unit, long min, long max) {
    return switch (unit) {
      case "ms" -> duration(Duration.ofMillis(min), Duration.ofMillis(max));
      default -> duration(Duration.ofSeconds(min), Duration.ofSeconds(max));
    };
  }
}

package dev.millrace.engine.gguf;

import dev.millrace.engine.gguf.GgufException.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Keys and values of a file, read as what the caller expects. Immutable. */
public final class GgufMetadata {

  private final Path file;
  private final Map<String, GgufValue> values;

  GgufMetadata(Path file, Map<String, GgufValue> values) {
    this.file = file;
    this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** Whether there is a value. */
  public boolean has(String key) {
    return values.containsKey(key);
  }

  /** Keys in the file's order. */
  public List<String> keys() {
    return List.copyOf(values.keySet());
  }

  /** An integer within bounds, if it is there. */
  public OptionalInt integer(String key, int min, int max) {
    return switch (values.get(key)) {
      case null -> OptionalInt.empty();
      case GgufValue.Whole(long value) -> OptionalInt.of(bounded(key, value, min, max));
      case GgufValue.Numbers numbers -> OptionalInt.of(same(key, numbers, min, max));
      case GgufValue other -> throw type(key, "an integer", other);
    };
  }

  /** An integer that must be there. */
  public int requiredInteger(String key, int min, int max) {
    return integer(key, min, max).orElseThrow(() -> missing(key));
  }

  /** One value per layer: read where they are all the same. */
  private int same(String key, GgufValue.Numbers numbers, int min, int max) {
    List<Integer> all = integers(key, numbers, min, max);
    if (all.isEmpty() || all.stream().distinct().count() > 1) {
      throw value(key, "one value for all layers", abbreviate(all.toString()));
    }
    return all.getFirst();
  }

  /** A list of integers, each within bounds; empty if it is not there. */
  public List<Integer> integers(String key, int min, int max) {
    return switch (values.get(key)) {
      case null -> List.of();
      case GgufValue.Numbers numbers -> integers(key, numbers, min, max);
      case GgufValue other -> throw type(key, "a list of integers", other);
    };
  }

  private List<Integer> integers(String key, GgufValue.Numbers numbers, int min, int max) {
    List<Integer> all = new ArrayList<>();
    for (long i = 0; i < numbers.count(); i++) {
      if (!(numbers.get(i) instanceof GgufValue.Whole(long value))) {
        throw type(key, "a list of integers", numbers.get(i));
      }
      all.add(bounded(key, value, min, max));
    }
    return all;
  }

  private int bounded(String key, long value, int min, int max) {
    if (value < min || value > max) {
      throw value(
          key,
          String.format(Locale.ROOT, "an integer from %,d to %,d", min, max),
          Long.toString(value));
    }
    return (int) value;
  }

  /** A number within bounds, if it is there; one that is not finite is out of them. */
  public Optional<Double> number(String key, double min, double max) {
    double found =
        switch (values.get(key)) {
          case null -> Double.NEGATIVE_INFINITY;
          case GgufValue.Real(double value) -> value;
          case GgufValue.Whole(long value) -> value;
          case GgufValue other -> throw type(key, "a number", other);
        };
    if (!has(key)) {
      return Optional.empty();
    }
    if (!(found >= min && found <= max)) {
      throw value(key, "a number from %s to %s".formatted(min, max), Double.toString(found));
    }
    return Optional.of(found);
  }

  /** A number that must be there. */
  public double requiredNumber(String key, double min, double max) {
    return number(key, min, max).orElseThrow(() -> missing(key));
  }

  /** A truth value. */
  public boolean flag(String key, boolean absent) {
    return switch (values.get(key)) {
      case null -> absent;
      case GgufValue.Flag(boolean value) -> value;
      case GgufValue other -> throw type(key, "true or false", other);
    };
  }

  /** Text, if it is there. */
  public Optional<String> text(String key) {
    return switch (values.get(key)) {
      case null -> Optional.empty();
      case GgufValue.Text(String value) -> Optional.of(value);
      case GgufValue other -> throw type(key, "text", other);
    };
  }

  /** A list of texts; empty if it is not there. */
  public List<String> texts(String key) {
    return switch (values.get(key)) {
      case null -> List.of();
      case GgufValue.Texts(List<String> texts) -> texts;
      case GgufValue other -> throw type(key, "a list of texts", other);
    };
  }

  /** A refusal of a value. */
  public GgufException value(String key, String expected, String found) {
    return new GgufException(
        Kind.METADATA_VALUE,
        file,
        "metadata %s: expected %s, found %s".formatted(key, expected, abbreviate(found)));
  }

  private GgufException missing(String key) {
    return new GgufException(Kind.METADATA_MISSING, file, "metadata %s is missing".formatted(key));
  }

  private GgufException type(String key, String expected, GgufValue found) {
    return new GgufException(
        key.equals(GgufHeader.ALIGNMENT) ? Kind.ALIGNMENT : Kind.METADATA_TYPE,
        file,
        "metadata %s: expected %s, found %s".formatted(key, expected, kind(found)));
  }

  private static String kind(GgufValue value) {
    return switch (value) {
      case GgufValue.Whole(long number) -> Long.toString(number);
      case GgufValue.Real(double number) -> Double.toString(number);
      case GgufValue.Flag(boolean flag) -> Boolean.toString(flag);
      case GgufValue.Text(String text) -> '"' + abbreviate(text) + '"';
      case GgufValue.Texts(List<String> texts) -> "a list of " + texts.size() + " texts";
      case GgufValue.Numbers numbers -> "a list of " + numbers.count() + " numbers";
    };
  }

  private static String abbreviate(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "…";
  }
}

package dev.millrace.engine.template;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A mapping in order of insertion, with Python's equality of keys: 1, 1.0 and true are one. */
final class Dict implements Value {

  /** A key as it was first written, and its value. */
  record Entry(Value key, Value value) {}

  private final Map<Object, Entry> entries = new LinkedHashMap<>();

  /**
   * Sets a key.
   *
   * @return whether the key can be one
   */
  boolean put(Value key, Value value) {
    Object hash = hash(key);
    if (hash == null || key instanceof Undefined) {
      return false;
    }
    Entry old = entries.get(hash);
    entries.put(hash, new Entry(old == null ? key : old.key(), value));
    return true;
  }

  /** A key's value, or null. */
  @Nullable Value get(Value key) {
    Object hash = hash(key);
    Entry entry = hash == null ? null : entries.get(hash);
    return entry == null ? null : entry.value();
  }

  @Nullable Value get(String key) {
    Entry entry = entries.get(key);
    return entry == null ? null : entry.value();
  }

  Collection<Entry> entries() {
    return entries.values();
  }

  int size() {
    return entries.size();
  }

  /** What stands for a key in a hash table, null if it cannot be a key. */
  static @Nullable Object hash(Value key) {
    return switch (key) {
      case Text text -> text.string();
      case Bool truth -> truth == Bool.TRUE ? 1L : 0L;
      case Int number -> number.value();
      case Real number -> {
        double value = number.value();
        boolean whole = value == Math.rint(value) && Math.abs(value) < 0x1p62;
        yield whole ? (Object) (long) value : (Object) value;
      }
      case None none -> none;
      case Items items when items.isTuple() -> {
        List<Object> hashes = new ArrayList<>();
        for (Value item : items.values()) {
          Object hash = hash(item);
          if (hash == null) {
            yield null;
          }
          hashes.add(hash);
        }
        yield hashes;
      }
      case Undefined ignored -> Undefined.class;
      case Callable callable -> callable;
      case Namespace namespace -> namespace;
      case Range ignored -> null;
      case Items ignored -> null;
      case Dict ignored -> null;
      case Lazy ignored -> null;
      case View ignored -> null;
    };
  }

  @Override
  public String type() {
    return "dict";
  }
}

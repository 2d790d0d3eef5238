package dev.millrace.engine.template;

import java.util.List;

/**
 * A list or a tuple. Templates cannot change one. Compared by {@link Comparison}, by identity in
 * Java.
 */
final class Items implements Value {
  private final List<Value> values;
  private final boolean tuple;
  private final List<String> names;

  private Items(List<Value> values, boolean tuple, List<String> names) {
    this.values = values;
    this.tuple = tuple;
    this.names = names;
  }

  static Items list(List<Value> values) {
    return new Items(values, false, List.of());
  }

  static Items tuple(List<Value> values) {
    return new Items(values, true, List.of());
  }

  /** A tuple whose values have names, too. */
  static Items named(List<String> names, List<Value> values) {
    return new Items(values, true, names);
  }

  Items like(List<Value> others) {
    return new Items(others, tuple, List.of());
  }

  List<Value> values() {
    return values;
  }

  List<String> names() {
    return names;
  }

  boolean isTuple() {
    return tuple;
  }

  @Override
  public String type() {
    return tuple ? "tuple" : "list";
  }
}

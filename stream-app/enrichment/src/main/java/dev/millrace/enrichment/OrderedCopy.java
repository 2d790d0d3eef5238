package dev.millrace.enrichment;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Copies that cannot be changed and keep their order: what becomes bytes must be the same in every
 * process, and {@code Map.copyOf} and {@code Set.copyOf} have another order in each.
 */
public final class OrderedCopy {

  private OrderedCopy() {}

  /**
   * The same entries in the same order.
   *
   * @throws NullPointerException if a key or value is null
   */
  public static <K, V> Map<K, V> of(Map<? extends K, ? extends V> map) {
    Map<K, V> copy = new LinkedHashMap<>();
    map.forEach(
        (key, value) -> copy.put(Objects.requireNonNull(key), Objects.requireNonNull(value)));
    return Collections.unmodifiableMap(copy);
  }

  /**
   * The same elements in the same order.
   *
   * @throws NullPointerException if one is null
   */
  public static <T> Set<T> of(Set<? extends T> set) {
    Set<T> copy = new LinkedHashSet<>();
    set.forEach(element -> copy.add(Objects.requireNonNull(element)));
    return Collections.unmodifiableSet(copy);
  }
}

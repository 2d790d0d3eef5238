package dev.millrace.schema;

import java.io.Serial;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A map that forgets what was not used for longest. Not thread-safe: guarded by its owner.
 *
 * @param <K> keys
 * @param <V> values
 */
final class BoundedCache<K, V> extends LinkedHashMap<K, V> {

  @Serial private static final long serialVersionUID = 1L;

  private final int entriesMax;

  BoundedCache(int entriesMax) {
    super(16, 0.75f, true);
    this.entriesMax = entriesMax;
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > entriesMax;
  }
}

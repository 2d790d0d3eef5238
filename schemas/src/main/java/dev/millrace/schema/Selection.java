package dev.millrace.schema;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which parts of a value are read; the others are skipped, whatever they hold. Immutable.
 *
 * @param all whether everything is
 * @param fields if not, which fields, and what of each
 */
public record Selection(boolean all, Map<String, Selection> fields) {
  /** Everything. */
  public static final Selection ALL = new Selection(true, Map.of());

  /** Copies the fields. */
  public Selection {
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  /** What lies at these paths, or below them. */
  public static Selection of(List<List<String>> paths) {
    Map<String, List<List<String>>> rests = new LinkedHashMap<>();
    for (List<String> path : paths) {
      if (path.isEmpty()) {
        return ALL;
      }
      rests
          .computeIfAbsent(path.getFirst(), _ -> new ArrayList<>())
          .add(path.subList(1, path.size()));
    }
    Map<String, Selection> fields = new LinkedHashMap<>();
    rests.forEach((name, rest) -> fields.put(name, of(rest)));
    return new Selection(false, fields);
  }

  /** What of a field is read; null for nothing. */
  @Nullable Selection of(String field) {
    return all ? ALL : fields.get(field);
  }
}

package dev.millrace.schema;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** What a schema refers to, and what that does in turn. Stateless. */
final class References {
  /** What the registry calls Avro. */
  static final String AVRO = "AVRO";

  /** Of more, some are left out, and the schema does not parse. */
  private static final int SCHEMAS_MAX = 500;

  private References() {}

  /**
   * The schemas that one needs, each before those that need it.
   *
   * @param lookup gives one; what it throws is thrown on
   */
  static List<RegistryApi.Stored> of(
      RegistryApi.Stored stored, Function<RegistryApi.Reference, RegistryApi.Stored> lookup) {
    List<RegistryApi.Stored> needed = new ArrayList<>();
    if (stored.type().equals(AVRO)) {
      collect(stored, lookup, new LinkedHashSet<>(), needed);
    }
    return needed;
  }

  private static void collect(
      RegistryApi.Stored from,
      Function<RegistryApi.Reference, RegistryApi.Stored> lookup,
      Set<RegistryApi.Reference> seen,
      List<RegistryApi.Stored> needed) {
    for (RegistryApi.Reference reference : from.references()) {
      if (seen.size() < SCHEMAS_MAX && seen.add(reference)) {
        RegistryApi.Stored stored = lookup.apply(reference);
        collect(stored, lookup, seen, needed);
        needed.add(stored);
      }
    }
  }
}

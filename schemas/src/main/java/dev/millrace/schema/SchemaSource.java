package dev.millrace.schema;

/** Where writers' schemas come from. Thread-safe. */
@FunctionalInterface
public interface SchemaSource {

  /** Looks up a schema; may wait for a bounded time, never throws for what the registry does. */
  SchemaLookup lookup(SchemaId id);
}

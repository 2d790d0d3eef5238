package dev.millrace.schema;

import java.util.UUID;

/** What a record names its writer's schema by. */
public sealed interface SchemaId {

  /** The registry's number, as the first bytes of a value carry it. */
  record Numbered(int value) implements SchemaId {
    @Override
    public String toString() {
      return Integer.toString(value);
    }
  }

  /** A globally unique name, as newer serialisers put it into a record header. */
  record Guid(UUID value) implements SchemaId {
    @Override
    public String toString() {
      return value.toString();
    }
  }
}

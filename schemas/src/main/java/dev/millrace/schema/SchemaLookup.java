package dev.millrace.schema;

import org.apache.avro.Schema;

/** What a registry says about a schema id. */
public sealed interface SchemaLookup {

  /** The schema. */
  record Found(Schema schema) implements SchemaLookup {}

  /**
   * The registry answers that it has no such schema. A producer that has just registered it may
   * have been quicker than the registry's replicas: ask again for a while.
   */
  record Unknown(String message) implements SchemaLookup {}

  /**
   * The registry has it, and it is a schema of another kind.
   *
   * @param type as the registry calls it, such as JSON or PROTOBUF
   */
  record OtherType(String type) implements SchemaLookup {}

  /** The registry has it, but it is not an Avro schema that can be read, now or later. */
  record Unusable(String message) implements SchemaLookup {}

  /** The registry does not answer, or not as a registry does. Nothing is known about the id. */
  record Unavailable(String message) implements SchemaLookup {}
}

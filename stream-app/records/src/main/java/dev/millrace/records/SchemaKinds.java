package dev.millrace.records;

import dev.millrace.enrichment.RejectReason;

/** The kinds of schema that a registry has, as it calls them. Stateless. */
final class SchemaKinds {
  static final String AVRO = "AVRO";
  static final String JSON = "JSON";
  static final String PROTOBUF = "PROTOBUF";

  private SchemaKinds() {}

  /**
   * A value whose schema is of another kind than its input's format says.
   *
   * @param type what the registry calls the schema's kind
   * @param format the input's
   */
  static Decoded mismatch(String type, String id, String format) {
    String todo =
        switch (type) {
          case AVRO -> "set the input's format to avro";
          case JSON -> "set the input's format to json";
          case PROTOBUF ->
              "Protobuf is not read: have the producer, or a copy of the topic that ksqlDB or"
                  + " Connect writes, use Avro or JSON";
          default -> "such values are not read";
        };
    return new Decoded.Invalid(
        RejectReason.UNDECODABLE,
        "the value is written with schema %s, which the registry says is %s, and the input's format"
                .formatted(id, type)
            + " is %s: %s".formatted(format, todo));
  }
}

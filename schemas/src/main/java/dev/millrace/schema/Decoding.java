package dev.millrace.schema;

/**
 * What became of bytes that should be a record.
 *
 * @param <T> type of the record
 */
public sealed interface Decoding<T> {

  /** The record. */
  record Value<T>(T value) implements Decoding<T> {}

  /** The bytes do not begin as the wire format says. Never will. */
  record BadFraming<T>(String message) implements Decoding<T> {}

  /** The bytes are not what their schema says, or it cannot be read as ours. Never will. */
  record Undecodable<T>(String message) implements Decoding<T> {}

  /**
   * The registry has another kind of schema for the bytes than Avro. Never will be read so.
   *
   * @param type as the registry calls it, such as JSON or PROTOBUF
   * @param id of the schema
   */
  record OtherType<T>(String type, String id) implements Decoding<T> {}

  /** A text among the fields is not UTF-8. Never will be. */
  record InvalidText<T>(String message) implements Decoding<T> {}

  /** The registry does not know the schema: worth asking again for a grace period. */
  record UnknownSchema<T>(String message) implements Decoding<T> {}

  /** The registry does not answer: keep the bytes. */
  record Unavailable<T>(String message) implements Decoding<T> {}
}

package dev.millrace.operations.config;

/** What the values of the input topic are. */
public enum DocumentFormat {
  /** Avro in Confluent wire format. */
  AVRO,
  /** A JSON object with the fields of a document. */
  JSON,
  /** The text itself. */
  TEXT,
  /** One line of comma-separated values. */
  CSV
}

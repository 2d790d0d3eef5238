package dev.millrace.engine.request;

/** What generated text must be like. */
public sealed interface Constraint {

  /** Anything. */
  Constraint NONE = new Unconstrained();

  /** Anything. */
  record Unconstrained() implements Constraint {}

  /**
   * A JSON value that fits a schema; no engine holds to one yet.
   *
   * @param schema a JSON schema
   */
  record JsonSchema(String schema) implements Constraint {}
}

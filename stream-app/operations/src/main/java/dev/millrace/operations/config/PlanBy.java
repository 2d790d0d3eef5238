package dev.millrace.operations.config;

/** What names the plan of a document. */
public enum PlanBy {
  /** The input alone: all its documents get the same. */
  INPUT,
  /** A header of the record. */
  HEADER,
  /** The document's tenant. */
  TENANT
}

package dev.millrace.schema;

/** What a record of ours is for. The order is the data's way through the house. */
public enum SchemaRole {
  /** What arrives. */
  DOCUMENT("document", 1),
  /**
   * What leaves, on the enriched and on the quarantine topic alike: a quarantined document differs
   * by its verdict alone, and one that a reviewer releases is copied to the other topic byte by
   * byte.
   */
  ENRICHED_DOCUMENT("enriched-document", 1),
  /** What cannot be enriched. */
  DEAD_LETTER("dead-letter", 1);

  private final String fileName;
  private final int version;

  SchemaRole(String fileName, int version) {
    this.fileName = fileName;
    this.version = version;
  }

  /** Name of the schema's file without its ending. */
  public String fileName() {
    return fileName;
  }

  /** Which version of the contract this software writes; grows by one with each change. */
  public int version() {
    return version;
  }
}

package dev.millrace.schema;

import org.apache.avro.util.ClassSecurityValidator;

/**
 * Tells Avro that it may make instances of our generated classes, which it refuses for all but its
 * own unless told. Trust is per JVM; whatever was trusted before stays so. Idempotent and
 * thread-safe.
 */
final class TrustedClasses {

  private static final String OURS = "dev.millrace.schema.avro.";

  static {
    ClassSecurityValidator.setGlobal(
        ClassSecurityValidator.composite(
            ClassSecurityValidator.getGlobal(), type -> type.getName().startsWith(OURS)));
  }

  private TrustedClasses() {}

  /** Returns when our classes are trusted. */
  static void trust() {
    // The class's initialiser has done it.
  }
}

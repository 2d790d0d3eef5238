package dev.millrace.schema;

import java.util.List;
import org.apache.avro.Schema;

/**
 * One try at each thing a registry can do. Failures are {@link RegistryException}s; the kind tells
 * whether another try makes sense. Thread-safe.
 */
interface RegistryApi extends AutoCloseable {

  /**
   * A schema as the registry keeps it.
   *
   * @param references to schemas that its text names without having them
   */
  record Stored(String type, String text, List<Reference> references) {

    /** A schema on its own. */
    Stored(String type, String text) {
      this(type, text, List.of());
    }
  }

  /** Another schema, by the version of its subject. */
  record Reference(String subject, int version) {}

  Stored schema(SchemaId id);

  /** A schema that another one refers to. */
  Stored schema(Reference reference);

  int register(String subject, Schema schema);

  int idOf(String subject, Schema schema);

  List<Integer> versions(String subject);

  boolean isCompatible(String subject, Schema schema);

  String compatibilityLevel(String subject);

  void setCompatibilityLevel(String subject, String level);

  @Override
  void close();
}

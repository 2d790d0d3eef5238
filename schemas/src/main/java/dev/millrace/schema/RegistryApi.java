package dev.millrace.schema;

import java.util.List;
import org.apache.avro.Schema;

/**
 * One try at each thing a registry can do. Failures are {@link RegistryException}s; the kind tells
 * whether another try makes sense. Thread-safe.
 */
interface RegistryApi extends AutoCloseable {

  /** A schema as the registry keeps it. */
  record Stored(String type, String text) {}

  /** A version of a subject. */
  record Version(int id, int version, String text) {}

  Stored schema(SchemaId id);

  int register(String subject, Schema schema);

  int idOf(String subject, Schema schema);

  List<Integer> versions(String subject);

  Version version(String subject, int version);

  boolean isCompatible(String subject, Schema schema);

  String compatibilityLevel(String subject);

  void setCompatibilityLevel(String subject, String level);

  @Override
  void close();
}

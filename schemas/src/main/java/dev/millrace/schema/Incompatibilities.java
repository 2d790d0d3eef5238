package dev.millrace.schema;

import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaCompatibility.SchemaPairCompatibility;

/** Puts into words why one schema cannot read what another wrote. */
public final class Incompatibilities {

  private static final int SHOWN_MAX = 5;

  private Incompatibilities() {}

  /** Why {@code reader} cannot read data of {@code writer}: one entry each; empty if it can. */
  public static List<String> between(Schema reader, Schema writer) {
    SchemaPairCompatibility pair =
        SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
    if (pair.getType() == SchemaCompatibilityType.COMPATIBLE) {
      return List.of();
    }
    return pair.getResult().getIncompatibilities().stream()
        .map(i -> i.getType() + " at " + i.getLocation() + ": " + i.getMessage())
        .toList();
  }

  static String of(SchemaPairCompatibility pair) {
    List<String> all =
        pair.getResult().getIncompatibilities().stream()
            .map(i -> i.getType() + " at " + i.getLocation())
            .toList();
    String shown = String.join(", ", all.subList(0, Math.min(SHOWN_MAX, all.size())));
    return all.size() > SHOWN_MAX ? shown + " and " + (all.size() - SHOWN_MAX) + " more" : shown;
  }
}

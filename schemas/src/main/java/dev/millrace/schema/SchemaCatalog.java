package dev.millrace.schema;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.NoSuchAlgorithmException;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;

/** The schemas of this software. Immutable. */
public final class SchemaCatalog {

  static {
    TrustedClasses.trust();
  }

  private static final SchemaCatalog CURRENT = load();

  private final Map<SchemaRole, Entry> entries;

  private SchemaCatalog(Map<SchemaRole, Entry> entries) {
    this.entries = entries;
  }

  /** The catalog of this build. */
  public static SchemaCatalog current() {
    return CURRENT;
  }

  /** What a role's records look like. */
  public Entry entry(SchemaRole role) {
    Entry entry = entries.get(role);
    if (entry == null) {
      throw new IllegalStateException("no schema for " + role);
    }
    return entry;
  }

  /** The schema as it is registered: the file's, without what a code generator adds. */
  public Schema schema(SchemaRole role) {
    return entry(role).schema();
  }

  /** Name under which the schema of a topic's values is registered. */
  public static String subject(String topic) {
    return topic + "-value";
  }

  private static SchemaCatalog load() {
    Map<SchemaRole, Entry> entries = new EnumMap<>(SchemaRole.class);
    for (SchemaRole role : SchemaRole.values()) {
      Schema schema = read("/dev/millrace/schema/" + role.fileName() + ".avsc");
      entries.put(role, new Entry(role, role.version(), schema, fingerprint(schema)));
    }
    return new SchemaCatalog(entries);
  }

  private static Schema read(String resource) {
    try (InputStream in = SchemaCatalog.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("this build lacks its schema " + resource);
      }
      return new Schema.Parser().parse(in);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the schema " + resource, e);
    }
  }

  /** SHA-256 of a schema's canonical form, hexadecimal: equal for equal data layouts. */
  public static String fingerprint(Schema schema) {
    try {
      return HexFormat.of().formatHex(SchemaNormalization.parsingFingerprint("SHA-256", schema));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * One schema.
   *
   * @param role what its records are for
   * @param version version of the contract, from 1
   * @param schema the schema
   * @param fingerprint see {@link SchemaCatalog#fingerprint}
   */
  public record Entry(SchemaRole role, int version, Schema schema, String fingerprint) {}
}

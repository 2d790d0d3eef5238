package dev.millrace.schema;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.Schema;

/**
 * What was once on a topic, for ever: for each version of the contract and each role the schema and
 * the bytes of its example ({@link Examples}). Files are added with each version and never edited.
 *
 * @param version version of the contract, from 1
 * @param role what the record is for
 * @param schema the schema of that version
 * @param bytes the example's encoding
 */
record Golden(int version, SchemaRole role, Schema schema, byte[] bytes) {

  private static final Path DIRECTORY = Path.of("src", "test", "resources", "golden");

  static List<Golden> all() {
    return Stream.of(SchemaRole.values())
        .flatMap(
            role -> Stream.iterate(1, v -> v <= role.version(), v -> v + 1).map(v -> read(v, role)))
        .toList();
  }

  static List<Golden> of(SchemaRole role) {
    return all().stream().filter(g -> g.role() == role).toList();
  }

  private static Golden read(int version, SchemaRole role) {
    Path directory = DIRECTORY.resolve("v" + version);
    try {
      String schema = Files.readString(directory.resolve(role.fileName() + ".avsc"));
      String hex = Files.readString(directory.resolve(role.fileName() + ".hex"));
      byte[] bytes = HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
      return new Golden(version, role, new Schema.Parser().parse(schema), bytes);
    } catch (IOException e) {
      throw new AssertionError(
          "golden files of version " + version + " of " + role + " are missing in " + directory, e);
    }
  }

  @Override
  public String toString() {
    return role + " v" + version;
  }
}

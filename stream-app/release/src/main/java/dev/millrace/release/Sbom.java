package dev.millrace.release;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** The bill of materials, as CycloneDX 1.6 has it. Stateless. */
final class Sbom {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private Sbom() {}

  /**
   * All jars, the native libraries in them, and the Java runtime if there is one.
   *
   * @param version of this release
   * @param time when, the same for each build of a version
   * @param runtime version of the Java runtime, or empty
   */
  static String write(String version, Instant time, String runtime, List<Component> components)
      throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.put("bomFormat", "CycloneDX").put("specVersion", "1.6");
    StringBuilder all = new StringBuilder(version);
    components.forEach(component -> all.append(component.path()).append(component.sha256()));
    UUID serial = UUID.nameUUIDFromBytes(all.toString().getBytes(StandardCharsets.UTF_8));
    root.put("serialNumber", "urn:uuid:" + serial).put("version", 1);
    ObjectNode metadata = root.putObject("metadata");
    metadata.put("timestamp", time.toString());
    ObjectNode main = metadata.putObject("component");
    main.put("type", "application").put("bom-ref", "millrace").put("name", "millrace");
    main.put("version", version);
    licence(main, "Apache-2.0");
    ArrayNode list = root.putArray("components");
    if (!runtime.isEmpty()) {
      ObjectNode java = list.addObject();
      java.put("type", "platform").put("bom-ref", "java").put("name", "Eclipse Temurin");
      java.put("version", runtime);
      java.putArray("licenses")
          .addObject()
          .put("expression", "GPL-2.0-only WITH Classpath-exception-2.0");
    }
    components.forEach(component -> add(list.addObject(), component));
    return JSON.writeValueAsString(root) + "\n";
  }

  private static void add(ObjectNode node, Component component) {
    Coordinates name = component.name();
    node.put("type", "library").put("bom-ref", component.path());
    node.put("group", name.group()).put("name", name.artifact()).put("version", name.version());
    hash(node, component.sha256());
    licence(node, component.licence());
    node.put("purl", name.purl());
    property(node, "millrace:path", component.path());
    if (!component.natives().isEmpty()) {
      ArrayNode inside = node.putArray("components");
      for (Component.NativeLibrary library : component.natives()) {
        ObjectNode file = inside.addObject();
        file.put("type", "file").put("bom-ref", component.path() + "!/" + library.entry());
        file.put("name", library.entry());
        hash(file, library.sha256());
      }
    }
  }

  private static void hash(ObjectNode node, String sha256) {
    node.putArray("hashes").addObject().put("alg", "SHA-256").put("content", sha256);
  }

  private static void licence(ObjectNode node, String licence) {
    ObjectNode entry = node.putArray("licenses").addObject().putObject("license");
    entry.put(licence.startsWith("LicenseRef") ? "name" : "id", licence);
  }

  private static void property(ObjectNode node, String name, String value) {
    node.putArray("properties").addObject().put("name", name).put("value", value);
  }
}

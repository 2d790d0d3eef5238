package dev.millrace.release;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Under which licence each component is taken, and whether a work under Apache-2.0 may carry it:
 * {@code licences.txt} says it per group, and a jar that declares something else is refused.
 * Immutable.
 */
final class Licences {

  /**
   * What may lie beside Apache-2.0 in an archive: permissive ones, and those that ask for the
   * source of the component alone.
   */
  private static final Set<String> ACCEPTED =
      Set.of(
          "Apache-2.0",
          "MIT",
          "MIT-0",
          "BSD-2-Clause",
          "BSD-3-Clause",
          "CC0-1.0",
          "EPL-1.0",
          "EPL-2.0",
          "MPL-2.0",
          "Unicode-3.0",
          "LicenseRef-public-domain");

  private final Map<String, String> table;

  private Licences(Map<String, String> table) {
    this.table = Map.copyOf(table);
  }

  /** Reads the table that lies beside this class. */
  static Licences read() throws IOException {
    try (InputStream in = Licences.class.getResourceAsStream("licences.txt")) {
      if (in == null) {
        throw new IllegalStateException("licences.txt is not on the class path");
      }
      return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  static Licences parse(String text) {
    Map<String, String> table = new LinkedHashMap<>();
    for (String line : text.lines().toList()) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      String[] parts = line.strip().split("\\s+");
      if (parts.length != 2 || table.put(parts[0], parts[1]) != null) {
        throw new ReleaseException("cannot read the table of licences: '" + line + "'");
      }
    }
    return new Licences(table);
  }

  /**
   * The licence of a component.
   *
   * @param declared how the jar names its licences; it may be taken under any of them
   * @throws ReleaseException if none is known, it is not acceptable, or the jar says otherwise
   */
  String of(Coordinates name, List<String> declared) {
    String licence =
        find(name)
            .orElseThrow(() ->
                new ReleaseException(
                    "no licence is known for %s:%s, which declares %s: look at it, then add its"
                            .formatted(name.group(), name.artifact(), declared)
                        + " group to licences.txt"));
    if (!ACCEPTED.contains(licence)) {
      throw new ReleaseException(
          "%s:%s is under %s, which cannot be distributed with Millrace: replace it or leave it out"
              .formatted(name.group(), name.artifact(), licence));
    }
    Set<String> said = new TreeSet<>();
    for (String one : declared) {
      spdx(one).ifPresent(said::add);
    }
    if (!said.isEmpty() && !said.contains(licence)) {
      throw new ReleaseException(
          "licences.txt takes %s:%s under %s, but the jar itself declares %s"
              .formatted(name.group(), name.artifact(), licence, said));
    }
    return licence;
  }

  /** By group and artifact, then by ever shorter groups. */
  private Optional<String> find(Coordinates name) {
    List<String> keys = new ArrayList<>(List.of(name.group() + ":" + name.artifact()));
    for (String group = name.group(); ; group = group.substring(0, group.lastIndexOf('.'))) {
      keys.add(group);
      if (group.indexOf('.') < 0) {
        break;
      }
    }
    return keys.stream().filter(table::containsKey).map(table::get).findFirst();
  }

  /** The identifier behind one of the many ways to name a licence; empty for one of no list. */
  static Optional<String> spdx(String declared) {
    String said = declared.toLowerCase(Locale.ROOT);
    if (said.contains("apache") && !said.contains("bsd")) {
      return Optional.of("Apache-2.0");
    }
    if (said.contains("lgpl") || said.contains("lesser")) {
      return Optional.of("LGPL");
    }
    if (said.contains("gnu") || said.contains("gpl")) {
      return Optional.of("GPL");
    }
    if (said.contains("edl") || said.contains("eclipse distribution")) {
      return Optional.of("BSD-3-Clause");
    }
    if (said.contains("epl") || said.contains("eclipse public")) {
      return Optional.of(said.contains("v10") || said.contains("1.0") ? "EPL-1.0" : "EPL-2.0");
    }
    if (said.contains("bsd-3") || said.contains("bsd 3")) {
      return Optional.of("BSD-3-Clause");
    }
    if (said.contains("bsd-2") || said.contains("bsd 2") || said.contains("bsd-license")) {
      return Optional.of("BSD-2-Clause");
    }
    if (said.contains("cc0") || said.contains("publicdomain/zero")) {
      return Optional.of("CC0-1.0");
    }
    if (said.contains("unicode")) {
      return Optional.of("Unicode-3.0");
    }
    if (said.contains("public domain")) {
      return Optional.of("LicenseRef-public-domain");
    }
    return said.matches("(the )?mit( license)?|.*/(license/mit|mit-license\\.php|licenses/mit).*")
        ? Optional.of("MIT")
        : Optional.empty();
  }
}

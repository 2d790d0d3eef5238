package dev.millrace.release;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Knows which component each jar of a directory is: by the class paths that Maven resolved, and by
 * the list that the registry brings. A jar of no list is an error, so that nothing is left out.
 */
final class Inventory {
  private static final String OWN_GROUP = "dev.millrace";
  private static final String REGISTRY = "apicurio-registry-app";

  private final Licences licences;
  private final String version;
  private final Map<String, Coordinates> byFileName = new TreeMap<>();

  Inventory(Licences licences, String version) {
    this.licences = licences;
    this.version = version;
  }

  /** Takes over what a class path file of Maven names, from its local repository. */
  void addClassPath(Path file, Path repository) throws IOException {
    for (String entry : Files.readString(file).strip().split(File.pathSeparator)) {
      Path jar = Path.of(entry);
      if (jar.startsWith(repository)) {
        add(Coordinates.ofRepository(repository, jar));
      }
    }
  }

  /** Takes over the registry's own list of what it runs on. */
  void addRegistry(Path directory) throws IOException {
    for (String line : Files.readAllLines(directory.resolve("quarkus-app-dependencies.txt"))) {
      if (!line.isBlank()) {
        Coordinates name = Coordinates.ofQuarkusLine(line);
        byFileName.put(name.group() + "." + name.fileName(), name);
      }
    }
  }

  private void add(Coordinates name) {
    byFileName.put(name.fileName(), name);
  }

  /**
   * All jars below a directory, in the order of their paths.
   *
   * @param leftOut beginnings of the names of jars that are empty here, and no component
   * @throws ReleaseException if one is on no list, or its licence is not known or not acceptable
   */
  List<Component> of(Path directory, Set<String> leftOut) throws IOException {
    List<Path> jars;
    try (Stream<Path> all = Files.walk(directory)) {
      jars = all.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    }
    List<Component> components = new ArrayList<>();
    for (Path jar : jars) {
      Path inside = directory.relativize(jar);
      String file = "" + jar.getFileName();
      if (leftOut.stream().anyMatch(name -> file.startsWith(name + "-"))) {
        continue;
      }
      Coordinates name = name(inside);
      String licence = licences.of(name, Jar.declaredLicences(jar));
      components.add(
          new Component(inside.toString(), name, Jar.sha256(jar), licence, Jar.natives(jar)));
    }
    return components;
  }

  private Coordinates name(Path jar) {
    String file = "" + jar.getFileName();
    Coordinates known = byFileName.get(file);
    if (known != null) {
      return known;
    }
    if (file.startsWith("millrace-") && file.endsWith("-" + version + ".jar")) {
      String artifact = file.substring(0, file.length() - version.length() - 5);
      return new Coordinates(OWN_GROUP, artifact, version, "");
    }
    if (jar.startsWith(Path.of("servers", "registry"))) {
      // Written by the registry's own build: the program, what starts it, and changed classes.
      String part = file.replaceFirst("\\.jar$", "");
      Coordinates core =
          byFileName.values().stream()
              .filter(name -> name.artifact().equals("apicurio-registry-common"))
              .findFirst()
              .orElseThrow(() -> new ReleaseException("the registry's list has no version of it"));
      return new Coordinates(
          core.group(), REGISTRY, core.version(), part.startsWith(REGISTRY) ? "" : part);
    }
    throw new ReleaseException(jar + " is on no list of dependencies: say where it is from");
  }
}

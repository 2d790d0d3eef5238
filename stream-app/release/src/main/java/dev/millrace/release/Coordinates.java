package dev.millrace.release;

import java.nio.file.Path;

/**
 * What Maven calls a jar. Immutable.
 *
 * @param group the group id
 * @param artifact the artifact id
 * @param version the version
 * @param classifier the classifier, or empty
 */
record Coordinates(String group, String artifact, String version, String classifier) {

  /**
   * By its place in a local repository, {@code group/../artifact/version/artifact-version.jar}.
   *
   * @throws ReleaseException if it lies elsewhere
   */
  static Coordinates ofRepository(Path repository, Path jar) {
    if (!jar.startsWith(repository)) {
      throw new ReleaseException("cannot name %s: it is not in %s".formatted(jar, repository));
    }
    Path inside = repository.relativize(jar);
    int names = inside.getNameCount();
    String version = inside.getName(names - 2).toString();
    String artifact = inside.getName(names - 3).toString();
    String group = inside.subpath(0, names - 3).toString().replace('/', '.');
    return new Coordinates(group, artifact, version, classifier(jar, artifact, version));
  }

  /** From a line {@code group:artifact:classifier:jar:version} of a Quarkus application. */
  static Coordinates ofQuarkusLine(String line) {
    String[] parts = line.strip().split(":", -1);
    if (parts.length != 5) {
      throw new ReleaseException("cannot read the registry's dependencies: '" + line + "'");
    }
    return new Coordinates(parts[0], parts[1], parts[4], parts[2]);
  }

  private static String classifier(Path jar, String artifact, String version) {
    String rest = ("" + jar.getFileName()).substring((artifact + "-" + version).length());
    return rest.startsWith("-") ? rest.substring(1, rest.length() - ".jar".length()) : "";
  }

  /** The file name that Maven gives it. */
  String fileName() {
    return artifact + "-" + version + (classifier.isEmpty() ? "" : "-" + classifier) + ".jar";
  }

  /** Its package URL. */
  String purl() {
    return "pkg:maven/%s/%s@%s?%stype=jar"
        .formatted(
            group, artifact, version, classifier.isEmpty() ? "" : "classifier=" + classifier + "&");
  }
}

package dev.millrace.release;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes what a release owes its components: a list, their licences, their notices. Stateless. */
final class LicenceReport {

  private LicenceReport() {}

  /**
   * Writes {@code THIRD-PARTY.md} and {@code licenses/}.
   *
   * @param directory of the archive, where the components' paths begin
   * @throws ReleaseException if there is no text of a licence
   */
  static void write(Path directory, List<Component> components) throws IOException {
    Map<String, byte[]> texts = new TreeMap<>();
    StringBuilder report = new StringBuilder();
    report.append("# Third-party components\n\n");
    report.append(
        """
        What this archive holds of others, and under which licence it is taken. Texts and notices
        that a jar carries lie in `licenses/`, under its name; those of the licences themselves in
        `licenses/text/`. The Java runtime's own are in `runtime/legal/`.

        | component | version | licence | jar |
        |---|---|---|---|
        """);
    for (Component component : components) {
      Coordinates name = component.name();
      if (name.group().equals("dev.millrace")) {
        continue;
      }
      report.append(
          "| %s:%s | %s | %s | `%s` |\n"
              .formatted(
                  name.group(),
                  name.artifact(),
                  name.version(),
                  component.licence(),
                  component.path()));
      for (var text : Jar.texts(directory.resolve(component.path())).entrySet()) {
        Path target =
            directory
                .resolve("licenses")
                .resolve(name.fileName().replaceFirst("\\.jar$", ""))
                .resolve(text.getKey());
        Files.createDirectories(target.getParent());
        Files.write(target, text.getValue());
      }
      if (!texts.containsKey(component.licence())) {
        texts.put(component.licence(), standardText(component.licence()));
      }
    }
    Path folder = Files.createDirectories(directory.resolve("licenses/text"));
    for (var text : texts.entrySet()) {
      Files.write(folder.resolve(text.getKey() + ".txt"), text.getValue());
    }
    Files.writeString(directory.resolve("THIRD-PARTY.md"), report);
  }

  private static byte[] standardText(String licence) throws IOException {
    try (InputStream in = LicenceReport.class.getResourceAsStream("texts/" + licence + ".txt")) {
      if (in == null) {
        throw new ReleaseException("there is no text of " + licence + " in texts/");
      }
      return in.readAllBytes();
    }
  }
}

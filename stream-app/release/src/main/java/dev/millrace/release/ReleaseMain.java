package dev.millrace.release;

import dev.millrace.cli.Launch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import picocli.AutoComplete;

/** Makes the two archives of a release from what the build left in the modules' targets. */
public final class ReleaseMain {

  /**
   * What the registry brings under licences that do not go with ours, and never loads here: it runs
   * on H2 and holds Avro schemas. It wants files of these names, so empty jars take their places.
   */
  private static final Set<String> LEFT_OUT =
      Set.of("com.mysql.mysql-connector-j", "wsdl4j.wsdl4j");

  private final Path root;
  private final String version;
  private final Instant time;
  private final Path repository;
  private final Path output;
  private final boolean withJars;

  private ReleaseMain(String[] arguments) {
    root = Path.of(arguments[0]).toAbsolutePath().normalize();
    version = arguments[1];
    time = Instant.parse(arguments[2]);
    repository = Path.of(arguments[3]).toAbsolutePath().normalize();
    output = Path.of(arguments[4]).toAbsolutePath().normalize();
    withJars = arguments[5].equals("all");
  }

  /**
   * Makes them.
   *
   * @param arguments the project's root, its version, the time of all entries, Maven's local
   *     repository, the directory to write into, and {@code all} archives or {@code linux}, the one
   *     with a runtime alone
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 6 || !Set.of("all", "linux").contains(arguments[5])) {
      throw new IllegalArgumentException(
          "expected 6 arguments, the last one all or linux, found " + List.of(arguments));
    }
    Locale former = Locale.getDefault();
    try {
      // picocli writes numbers as the machine does.
      Locale.setDefault(Locale.ROOT);
      new ReleaseMain(arguments).run();
    } finally {
      Locale.setDefault(former);
    }
  }

  private void run() throws IOException {
    Files.createDirectories(output);
    make("millrace-" + version + "-linux-x86_64", true);
    if (withJars) {
      make("millrace-" + version + "-jars", false);
    }
  }

  private void make(String name, boolean withRuntime) throws IOException {
    Path directory = output.resolve(name);
    deleteTree(directory);
    Files.createDirectories(directory);
    copyProgram(directory);
    writeCompletion(directory.resolve("completion"));

    Inventory inventory = new Inventory(Licences.read(), version);
    inventory.addClassPath(root.resolve("stream-app/cli/target/class-path.txt"), repository);
    inventory.addClassPath(
        root.resolve("stream-app/local-servers/target/class-path.txt"), repository);
    inventory.addRegistry(root.resolve("stream-app/local-servers/target/registry"));
    List<Component> components = inventory.of(directory, LEFT_OUT);
    LicenceReport.write(directory, components);
    if (withRuntime) {
      JavaRuntime.link(directory.resolve("runtime"));
    }
    String runtime = withRuntime ? Runtime.version().toString() : "";
    String sbom = Sbom.write(version, time, runtime, components);
    Files.writeString(directory.resolve("sbom.cdx.json"), sbom);
    Files.writeString(output.resolve(name + ".cdx.json"), sbom);
    if (withRuntime) {
      writeSbomOfImage("nvidia", runtime, components, part -> true);
      writeSbomOfImage(
          "cpu", runtime, components, part -> !part.name().artifact().equals("jcuda-natives"));
    }
    writeChecksums(directory);

    Path archive = output.resolve(name + ".tar.gz");
    TarGz.pack(directory, time, archive);
    Files.writeString(
        output.resolve(name + ".tar.gz.sha256"),
        Jar.sha256(archive) + "  " + archive.getFileName() + "\n");
  }

  /** An image holds all but the demo's servers: {@code k8s/image/build} puts this list into it. */
  private void writeSbomOfImage(
      String variant, String runtime, List<Component> components, Predicate<Component> isIn)
      throws IOException {
    List<Component> image =
        components.stream()
            .filter(part -> !part.path().startsWith("servers/"))
            .filter(isIn)
            .toList();
    Files.writeString(
        output.resolve("millrace-" + version + "-image-" + variant + ".cdx.json"),
        Sbom.write(version, time, runtime, image));
  }

  private void copyProgram(Path directory) throws IOException {
    for (String file : List.of("millrace", "LICENSE", "CHANGELOG.md")) {
      copy(root.resolve(file), directory.resolve(file));
    }
    Path cli = root.resolve("stream-app/cli/target");
    copyTree(cli.resolve("lib"), directory.resolve("lib"));
    String jar = "millrace-cli-" + version + ".jar";
    copy(cli.resolve(jar), directory.resolve("lib").resolve(jar));
    Path servers = root.resolve("stream-app/local-servers/target");
    copyTree(servers.resolve("broker"), directory.resolve("servers/broker"));
    copyTree(servers.resolve("registry"), directory.resolve("servers/registry"));
    replaceLeftOut(directory.resolve("servers/registry/lib/main"));
    copyTree(root.resolve("inference-core/models/demo"), directory.resolve("models/demo"));
    Files.delete(directory.resolve("models/demo/test.jsonl"));
    copyTree(root.resolve("docs/examples"), directory.resolve("docs/examples"));
    copyTree(root.resolve("docs/reference"), directory.resolve("docs/reference"));
    try (Stream<Path> pages = Files.list(root.resolve("docs"))) {
      for (Path page : pages.filter(file -> file.toString().endsWith(".md")).toList()) {
        copy(page, directory.resolve("docs").resolve(page.getFileName()));
      }
    }
  }

  private static void replaceLeftOut(Path directory) throws IOException {
    int replaced = 0;
    for (Path jar : TarGz.files(directory)) {
      String name = "" + jar.getFileName();
      if (LEFT_OUT.stream().anyMatch(prefix -> name.startsWith(prefix + "-"))) {
        try (var zip = new ZipOutputStream(Files.newOutputStream(jar))) {
          ZipEntry manifest = new ZipEntry("META-INF/MANIFEST.MF");
          manifest.setTimeLocal(LocalDateTime.of(2026, 1, 1, 0, 0));
          zip.putNextEntry(manifest);
          zip.write(
              "Manifest-Version: 1.0\nImplementation-Title: empty, left out by Millrace\n\n"
                  .getBytes(StandardCharsets.US_ASCII));
        }
        replaced++;
      }
    }
    if (replaced != LEFT_OUT.size()) {
      throw new ReleaseException(
          "expected to leave out %s of %s, found ".formatted(LEFT_OUT, directory) + replaced);
    }
  }

  private static void writeCompletion(Path directory) throws IOException {
    Files.createDirectories(directory);
    String bash = AutoComplete.bash("millrace", Launch.found().commandLine());
    Files.writeString(directory.resolve("millrace.bash"), bash);
    Files.writeString(
        directory.resolve("_millrace"),
        """
        #compdef millrace
        # For a directory of fpath: hands over to the completion for bash that lies beside it.
        autoload -Uz bashcompinit && bashcompinit
        source "${${(%):-%x}:A:h}/millrace.bash"
        _bash_complete -o default -F _complete_millrace
        """);
  }

  private static void writeChecksums(Path directory) throws IOException {
    StringBuilder sums = new StringBuilder();
    for (Path file : TarGz.files(directory)) {
      if (Files.isRegularFile(file) && !Files.isSymbolicLink(file)) {
        sums.append(Jar.sha256(file)).append("  ").append(directory.relativize(file)).append('\n');
      }
    }
    Files.writeString(directory.resolve("SHA256SUMS"), sums, StandardCharsets.UTF_8);
  }

  private static void copyTree(Path from, Path to) throws IOException {
    for (Path file : TarGz.files(from)) {
      Path target = to.resolve(from.relativize(file).toString());
      if (Files.isDirectory(file)) {
        Files.createDirectories(target);
      } else {
        copy(file, target);
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    String mode = Files.isExecutable(from) && !isJar(from) ? "rwxr-xr-x" : "rw-r--r--";
    Files.setPosixFilePermissions(to, PosixFilePermissions.fromString(mode));
  }

  private static boolean isJar(Path file) {
    return file.toString().endsWith(".jar");
  }

  static void deleteTree(Path directory) throws IOException {
    if (Files.exists(directory)) {
      for (Path file : TarGz.files(directory).reversed()) {
        file.toFile().setWritable(true);
        Files.delete(file);
      }
    }
  }
}

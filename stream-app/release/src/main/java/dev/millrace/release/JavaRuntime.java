package dev.millrace.release;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Links the Java runtime of an archive from the JDK that this runs on. Stateless. */
final class JavaRuntime {

  /**
   * What Millrace, the broker and the registry use, and what one wants on the machine when
   * something is wrong (jcmd, flight recordings).
   */
  private static final List<String> MODULES =
      List.of(
          "java.se",
          "jdk.charsets",
          "jdk.crypto.ec",
          "jdk.httpserver",
          "jdk.incubator.vector",
          "jdk.jcmd",
          "jdk.jfr",
          "jdk.management",
          "jdk.management.agent",
          "jdk.naming.dns",
          "jdk.net",
          "jdk.security.auth",
          "jdk.security.jgss",
          "jdk.unsupported",
          "jdk.zipfs");

  /** How often to link at most until both variants were seen; missing one then is 1 in 2,000. */
  private static final int TRIES = 12;

  private JavaRuntime() {}

  /**
   * Links into a new directory. jlink writes one class in either of two orders, by chance per
   * process; the variant with the smaller digest is kept, so that each release is the same bytes.
   *
   * @throws ReleaseException if a tool of the JDK fails, with what it said
   */
  static void link(Path target) throws IOException {
    Map<String, Path> variants = new TreeMap<>();
    for (int i = 0; i < TRIES && variants.size() < 2; i++) {
      Path variant = target.resolveSibling(target.getFileName() + "." + i);
      Path jlink = Path.of(System.getProperty("java.home"), "bin", "jlink");
      run(
          jlink.toString(),
          "--add-modules",
          String.join(",", MODULES),
          "--no-header-files",
          "--no-man-pages",
          "--output",
          variant.toString());
      Path other = variants.putIfAbsent(Jar.sha256(variant.resolve("lib/modules")), variant);
      if (other != null) {
        ReleaseMain.deleteTree(variant);
      }
    }
    Path kept = variants.values().iterator().next();
    Files.move(kept, target);
    for (Path variant : variants.values()) {
      ReleaseMain.deleteTree(variant);
    }
    // The JDK's own classes, mapped at each start.
    run(target.resolve("bin/java").toString(), "-Xshare:dump");
    dropUnusedTools(target.resolve("bin"));
  }

  private static void run(String... command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    // The character set of the machine's locale ends up in the dumped classes.
    builder.environment().clear();
    builder.environment().put("LC_ALL", "C.UTF-8");
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      int code = process.waitFor();
      if (code != 0) {
        throw new ReleaseException(command[0] + " failed with " + code + ": " + said);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroy();
      throw new ReleaseException("interrupted while linking the runtime");
    }
  }

  private static void dropUnusedTools(Path bin) throws IOException {
    Set<String> kept = Set.of("java", "jcmd", "jfr", "keytool");
    try (Stream<Path> tools = Files.list(bin)) {
      for (Path tool : tools.toList()) {
        if (!kept.contains("" + tool.getFileName())) {
          Files.delete(tool);
        }
      }
    }
  }
}

package dev.millrace.servers;

import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * How a child JVM is run.
 *
 * <p>Everything goes into an argument file in the server's private directory: the command line
 * stays short, names the directory (by which a leftover process is recognised), and can be run
 * again by hand.
 *
 * @param jvmOptions options before the main class
 * @param properties system properties
 * @param classPath jars and directories
 * @param mainClass what is run
 * @param arguments its arguments
 */
record JavaCommand(
    List<String> jvmOptions,
    Map<String, String> properties,
    List<Path> classPath,
    String mainClass,
    List<String> arguments) {

  /** Variables a server may see. Anything else could configure it behind our back. */
  private static final Set<String> ENVIRONMENT =
      Set.of("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH");

  private static final List<String> SET_SESSION = List.of("/usr/bin/setsid", "/bin/setsid");

  JavaCommand {
    jvmOptions = List.copyOf(jvmOptions);
    properties = Map.copyOf(properties);
    classPath = List.copyOf(classPath);
    arguments = List.copyOf(arguments);
  }

  /**
   * Prepares the process: working directory and temporary files are private, output is appended to
   * the log, standard input stays open so that the child hears of our end.
   */
  ProcessBuilder prepare(String server, Path directory, Path log) throws IOException {
    Path temporary = Files.createDirectories(directory.resolve("tmp"));
    Path file = directory.resolve(server + ".args");
    Files.write(file, lines(directory, temporary), namesCharset());
    List<String> command = new ArrayList<>(newSession());
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + file);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().keySet().retainAll(ENVIRONMENT);
    builder.environment().put("TMPDIR", temporary.toString());
    return builder;
  }

  /**
   * A session of its own keeps the terminal's Ctrl-C away from the server, so that the application
   * can finish its work on it first. Where there is no {@code setsid} (macOS), Ctrl-C reaches all
   * at once.
   */
  private static List<String> newSession() {
    return SET_SESSION.stream().filter(s -> Files.isExecutable(Path.of(s))).limit(1).toList();
  }

  /** The child reads the file as it would read its arguments, and paths are among them. */
  private static Charset namesCharset() {
    return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"), StandardCharsets.UTF_8);
  }

  private List<String> lines(Path directory, Path temporary) {
    List<String> lines = new ArrayList<>(jvmOptions);
    lines.add("-XX:-UsePerfData");
    lines.add("-XX:+ExitOnOutOfMemoryError");
    lines.add("-XX:ErrorFile=" + directory.resolve("hs_err_%p.log"));
    lines.add("-Djava.io.tmpdir=" + temporary);
    new TreeMap<>(properties).forEach((key, value) -> lines.add("-D" + key + "=" + value));
    lines.add("-cp");
    lines.add(
        classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
    lines.add(mainClass);
    lines.addAll(arguments);
    return lines.stream().map(JavaCommand::quote).toList();
  }

  /** As the java launcher reads argument files: in quotes, a backslash escapes. */
  static String quote(String argument) {
    if (Objects.requireNonNull(argument).indexOf('\n') >= 0) {
      throw new IllegalArgumentException("an argument of a server must be one line: " + argument);
    }
    return '"' + argument.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}

package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.operations.config.ConfigList;
import dev.millrace.streams.config.ApplicationSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What no compiler checks: size, layout and wording of the tracked files. */
class TidyTest {

  private static final Path ROOT = Path.of(System.getProperty("millrace.root", ".."));
  private static final Set<String> GENERATED_OR_FOREIGN =
      Set.of("target", ".git", "node_modules", ".venv", "__pycache__");
  private static final Set<String> TEXT =
      Set.of(
          "java", "md", "xml", "yaml", "yml", "sh", "avsc", "py", "cu", "cuh", "h", "cpp", "txt");

  /** Lines at which a Java file is too long to read in one go; twice this fails. */
  private static final int LINES_SMELL = 400;

  private static final long FILE_BYTES_MAX = 8_000L * 1024;
  private static final long TREE_BYTES_MAX = 60L * 1024 * 1024;

  private static final Pattern TYPE =
      Pattern.compile("\\b(?:class|interface|record|enum|struct)\\s+([A-Z]\\w+)");
  private static final Pattern WORD =
      Pattern.compile("--[a-z][a-z-]*|[A-Za-z_]\\w*(?:\\.[A-Za-z_]\\w*)*");

  private static List<Path> files = List.of();

  @BeforeAll
  static void readTheTree() throws IOException {
    files = tree(ROOT);
  }

  @Test
  void shouldSeeTheTree() {
    assertThat(files).as("files below %s", ROOT.toAbsolutePath()).hasSizeGreaterThan(100);
  }

  @Test
  void shouldKeepFilesSmall() throws IOException {
    List<String> large = new ArrayList<>();
    long sum = 0;
    for (Path file : files) {
      long size = Files.size(file);
      sum += size;
      if (size > FILE_BYTES_MAX) {
        large.add(name(file) + ": " + size + " bytes, at most " + FILE_BYTES_MAX);
      }
    }
    assertThat(large).isEmpty();
    assertThat(sum).as("bytes of all files of the tree").isLessThan(TREE_BYTES_MAX);
  }

  @Test
  void shouldKeepJavaFilesReadable() throws IOException {
    List<String> long_ = new ArrayList<>();
    for (Path file : files) {
      if (extension(file).equals("java")) {
        int lines = Files.readAllLines(file).size();
        if (lines > 2 * LINES_SMELL) {
          long_.add(name(file) + ": " + lines + " lines, at most " + 2 * LINES_SMELL);
        }
      }
    }
    assertThat(long_).isEmpty();
  }

  @Test
  void shouldNotLeaveMarkers() throws IOException {
    // Written in two halves so that this file does not find itself.
    Pattern markers = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X|HA" + "CK)\\b");
    assertThat(lines(markers, TEXT)).isEmpty();
  }

  @Test
  void shouldNotNameMachinesOrHosts() throws IOException {
    Pattern machine =
        Pattern.compile(
            "(^|[^A-Za-z0-9_.])/(wor"
                + "k|ro"
                + "ot|opt/py"
                + "pi|opt/whe"
                + "els)/"
                + "|rep"
                + "o1?\\.maven|deb\\.deb"
                + "ian\\.org|registry\\.npm"
                + "js"
                + "|packages\\.conf"
                + "luent");
    assertThat(lines(machine, TEXT)).isEmpty();
  }

  @Test
  void shouldKeepLinesShort() throws IOException {
    List<String> found = new ArrayList<>();
    for (Path file : files) {
      if (!extension(file).equals("java")) {
        continue;
      }
      int number = 0;
      for (String line : Files.readAllLines(file)) {
        number++;
        boolean unbreakable = line.startsWith("import ") || line.contains("http");
        if (line.length() > 100 && !unbreakable && !line.strip().startsWith("\"")) {
          found.add(name(file) + ":" + number + ": " + line.length() + " columns");
        }
      }
    }
    assertThat(found).isEmpty();
  }

  /** Error Prone sees such calls only where the format is a constant; this is for the others. */
  @Test
  void shouldFormatWithALocale() throws IOException {
    Pattern local =
        Pattern.compile(
            "(\\bString\\.format|\\bprintf)\\((?!\\s*+Locale)|[\\w\\]]\\s*+\\.formatted\\(");
    List<String> found = new ArrayList<>();
    for (Path file : files) {
      if (extension(file).equals("java")) {
        Matcher matcher = local.matcher(Files.readString(file));
        while (matcher.find()) {
          found.add(name(file) + ": " + matcher.group());
        }
      }
    }
    assertThat(found).isEmpty();
  }

  @Test
  void shouldNotPrintOutsideTheCommandLine() throws IOException {
    Pattern print = Pattern.compile("System\\.(out|err)\\b|printStackTrace\\(\\)");
    List<String> found =
        lines(print, Set.of("java")).stream()
            .filter(line -> line.contains("src/main"))
            .filter(line -> !line.contains("/cli/") && !line.contains("/demo/"))
            .filter(line -> !line.contains("/servers/child/"))
            .toList();
    assertThat(found).isEmpty();
  }

  @Test
  void shouldGiveEveryPackageOneSentence() throws IOException {
    Map<Path, List<Path>> byPackage =
        files.stream()
            .filter(file -> extension(file).equals("java"))
            .filter(file -> name(file).contains("src/main/java"))
            .collect(Collectors.groupingBy(TidyTest::folder));
    List<String> found = new ArrayList<>();
    for (var entry : byPackage.entrySet()) {
      Path info = entry.getKey().resolve("package-info.java");
      if (!Files.exists(info)) {
        found.add(name(entry.getKey()) + " has no package-info.java");
      } else if (!Files.readString(info).contains("@NullMarked")) {
        found.add(name(info) + " is not @NullMarked");
      }
    }
    assertThat(found).isEmpty();
  }

  @Test
  void shouldGiveEveryRoomAReadme() {
    for (String room :
        List.of(
            ".",
            "schemas",
            "inference-core",
            "kernels",
            "stream-app",
            "stream-app/enrichment",
            "stream-app/local-servers",
            "stream-app/fault-kit",
            "stream-app/records",
            "stream-app/operations",
            "stream-app/cli-engine",
            "stream-app/cli-demo",
            "stream-app/flink",
            "stream-app/flink-cli",
            "stream-app/flink-job",
            "stream-app/cli",
            "stream-app/streams",
            "k8s",
            "integration-tests")) {
      assertThat(ROOT.resolve(room).resolve("README.md")).exists();
    }
  }

  @Test
  void shouldGiveMarkdownOneTitle() throws IOException {
    List<String> found = new ArrayList<>();
    for (Path file : files) {
      if (extension(file).equals("md")) {
        List<String> text = Files.readAllLines(file);
        boolean code = false;
        int titles = 0;
        for (String line : text) {
          if (line.startsWith("```")) {
            code = !code;
          } else if (!code && line.startsWith("# ")) {
            titles++;
          }
        }
        if (titles != 1) {
          found.add(name(file) + ": " + titles + " titles");
        }
      }
    }
    assertThat(found).isEmpty();
  }

  @Test
  void shouldNameOnlyWhatExistsInMarkdown() throws IOException {
    Set<String> types = new TreeSet<>();
    Set<String> words = new TreeSet<>();
    for (Path file : files) {
      boolean script = !file.getFileName().toString().contains(".");
      if (!extension(file).equals("md") && (script || TEXT.contains(extension(file)))) {
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        TYPE.matcher(text).results().forEach(found -> types.add(found.group(1)));
        WORD.matcher(text).results().forEach(found -> words.add(found.group()));
      }
    }
    Set<String> settings =
        ApplicationSpec.SPEC.keys().stream()
            .flatMap(key -> Stream.concat(Stream.of(key.name()), key.renamedFrom().stream()))
            .collect(Collectors.toCollection(TreeSet::new));
    for (ConfigList list : ApplicationSpec.SPEC.lists()) {
      list.keys().forEach(key -> settings.add(key.name()));
    }
    MarkdownNames names =
        new MarkdownNames(types, words::contains, settings, Commands.ofTheProgram());
    List<String> found = new ArrayList<>();
    for (Path file : files) {
      // A dated result tells what was there on its day.
      if (extension(file).equals("md") && !name(file).matches("docs/benchmarks/2.*")) {
        Predicate<String> exists = link -> Files.exists(folder(file).resolve(link));
        names
            .problems(Files.readString(file), exists)
            .forEach(problem -> found.add(name(file) + ": " + problem));
      }
    }
    assertThat(found).isEmpty();
  }

  private static List<String> lines(Pattern pattern, Set<String> extensions) throws IOException {
    List<String> found = new ArrayList<>();
    for (Path file : files) {
      if (!extensions.contains(extension(file))) {
        continue;
      }
      int number = 0;
      for (String line : new String(Files.readAllBytes(file), StandardCharsets.UTF_8).split("\n")) {
        number++;
        if (pattern.matcher(line).find()) {
          found.add(name(file) + ":" + number + ": " + line.strip());
        }
      }
    }
    return found;
  }

  private static List<Path> tree(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> {
            for (Path part : root.relativize(file)) {
              if (GENERATED_OR_FOREIGN.contains(part.toString())) {
                return false;
              }
            }
            return true;
          })
          .sorted()
          .toList();
    }
  }

  private static Path folder(Path file) {
    Path parent = file.getParent();
    return parent == null ? Path.of("") : parent;
  }

  private static String name(Path file) {
    return ROOT.relativize(file).toString();
  }

  private static String extension(Path file) {
    String name = file.toString();
    return name.substring(name.lastIndexOf('.') + 1);
  }
}

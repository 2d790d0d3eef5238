package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Holds that a class has one place to come from: which of two a JVM takes may differ from machine
 * to machine, for the launcher's {@code lib/*} has no order.
 */
class ClassPathTest {

  /** Annotations that two libraries carry; they are looked at by compilers only. */
  private static final List<String> HARMLESS = List.of("javax/annotation/", "net/jcip/");

  @Test
  void shouldFindEachClassOnce() throws IOException {
    Map<String, Path> seen = new HashMap<>();
    Map<String, Integer> doubled = new TreeMap<>();
    for (Path place : classPath()) {
      for (String name : classes(place)) {
        Path first = seen.putIfAbsent(name, place);
        if (first != null && HARMLESS.stream().noneMatch(name::startsWith)) {
          doubled.merge(pair(first, place) + ", e.g. " + folder(name), 1, Integer::sum);
        }
      }
    }
    assertThat(seen).as("classes found").hasSizeGreaterThan(5_000);
    assertThat(doubled).as("classes that are in two places").isEmpty();
  }

  private static String pair(Path one, Path other) {
    return String.join(
        " and ", new TreeSet<>(List.of("" + one.getFileName(), "" + other.getFileName())));
  }

  private static String folder(String name) {
    return name.substring(0, Math.max(0, name.lastIndexOf('/')));
  }

  private static List<Path> classPath() {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Stream.of(path.split(File.pathSeparator)).map(Path::of).filter(Files::exists).toList();
  }

  private static List<String> classes(Path place) throws IOException {
    List<String> names = new ArrayList<>();
    if (Files.isDirectory(place)) {
      try (Stream<Path> files = Files.walk(place)) {
        files.map(file -> place.relativize(file).toString()).forEach(names::add);
      }
    } else {
      try (JarFile jar = new JarFile(place.toFile())) {
        jar.stream().forEach(entry -> names.add(entry.getName()));
      }
    }
    return names.stream()
        .filter(name -> name.endsWith(".class") && !name.startsWith("META-INF/"))
        .filter(name -> !name.endsWith("-info.class"))
        .toList();
  }
}

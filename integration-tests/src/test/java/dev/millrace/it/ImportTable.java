package dev.millrace.it;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which package may use which: the map of the house. A row names a package and the packages it may
 * use besides the JDK's harmless ones and JSpecify. A name ending in {@code ..} includes what lies
 * below.
 */
final class ImportTable {

  /** JDK packages that every package may use. Native calls and vectors are not among them. */
  private static final List<String> EVERYWHERE =
      List.of(
          "java.lang",
          "java.lang.annotation",
          "java.lang.invoke",
          "java.lang.ref",
          "java.lang.runtime",
          "java.math",
          "java.nio..",
          "java.io",
          "java.net..",
          "java.security..",
          "java.text..",
          "java.time..",
          "java.util..",
          "org.jspecify.annotations");

  private final Map<String, List<String>> rows = new TreeMap<>();

  ImportTable row(String name, String... mayUse) {
    if (rows.put(name, List.of(mayUse)) != null) {
      throw new IllegalArgumentException("two rows for " + name);
    }
    return this;
  }

  /** Packages that have a row. */
  List<String> packages() {
    return List.copyOf(rows.keySet());
  }

  /** One line per forbidden use; empty if all is well. */
  List<String> violations(Iterable<JavaClass> classes) {
    List<String> found = new ArrayList<>();
    for (JavaClass user : classes) {
      String from = user.getPackageName();
      List<String> mayUse = rows.get(from);
      if (mayUse == null) {
        found.add(from + " has no row in the import table, see " + user.getName());
        continue;
      }
      for (Dependency use : user.getDirectDependenciesFromSelf()) {
        String to = use.getTargetClass().getBaseComponentType().getPackageName();
        if (!to.isEmpty() && !to.equals(from) && !matches(EVERYWHERE, to) && !matches(mayUse, to)) {
          found.add(from + " may not use " + to + ": " + use.getDescription());
        }
      }
    }
    return found.stream().distinct().sorted().toList();
  }

  /**
   * One line per arrow that nobody uses: it would let a coupling come back unseen.
   *
   * @param imported packages that a package's sources import: of a constant, which the compiler
   *     puts in place of its name, nothing else can be seen
   */
  List<String> unused(Iterable<JavaClass> classes, Map<String, Set<String>> imported) {
    Map<String, Set<String>> usedBy = new TreeMap<>();
    imported.forEach((from, packages) -> usedBy.put(from, new TreeSet<>(packages)));
    for (JavaClass user : classes) {
      Set<String> used = usedBy.computeIfAbsent(user.getPackageName(), _ -> new TreeSet<>());
      for (Dependency use : user.getDirectDependenciesFromSelf()) {
        used.add(use.getTargetClass().getBaseComponentType().getPackageName());
      }
    }
    List<String> found = new ArrayList<>();
    rows.forEach((from, mayUse) -> {
      for (String pattern : mayUse) {
        if (usedBy.getOrDefault(from, Set.of()).stream()
            .noneMatch(to -> matches(List.of(pattern), to))) {
          found.add(from + " does not use " + pattern);
        }
      }
    });
    return found;
  }

  private static boolean matches(List<String> patterns, String name) {
    for (String pattern : patterns) {
      if (pattern.endsWith("..")) {
        String base = pattern.substring(0, pattern.length() - 2);
        if (name.equals(base) || name.startsWith(base + ".")) {
          return true;
        }
      } else if (name.equals(pattern)) {
        return true;
      }
    }
    return false;
  }
}

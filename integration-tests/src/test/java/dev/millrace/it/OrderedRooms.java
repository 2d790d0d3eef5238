package dev.millrace.it;

import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnitAccess;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Packages whose maps, sets and lists become bytes, prompts, ids, digests or printed lines, and so
 * have an order that is the same in every process: that of insertion, or sorted. An exception names
 * a class, what it uses, and why no order can be seen there.
 */
final class OrderedRooms {

  /** Their order depends on hashes; that of objects without one of their own on the process. */
  private static final Set<String> UNORDERED =
      Set.of(
          "HashMap", "HashSet", "IdentityHashMap", "WeakHashMap", "ConcurrentHashMap", "Hashtable");

  /** Their order is salted in each process, or left open. */
  private static final Set<String> SALTED =
      Set.of(
          "Map.copyOf",
          "Map.ofEntries",
          "Set.copyOf",
          "Collectors.toSet",
          "Collectors.toUnmodifiableSet",
          "Collectors.toUnmodifiableMap",
          "Collectors.toConcurrentMap",
          "Collectors.groupingByConcurrent",
          "ConcurrentHashMap.newKeySet",
          "Files.list",
          "Files.walk",
          "Files.find",
          "Files.newDirectoryStream",
          "System.identityHashCode",
          "Collection.parallelStream",
          "List.parallelStream",
          "Stream.parallel",
          "IntStream.parallel");

  /** Number of arguments up to which a factory gives no order away, or takes a map of ours. */
  private static final Map<String, Integer> HARMLESS_UP_TO = Map.of("Map.of", 2, "Set.of", 1);

  private static final Map<String, Integer> HARMLESS_FROM =
      Map.of("Collectors.toMap", 4, "Collectors.groupingBy", 3);

  private final Set<String> rooms;
  private final Map<String, String> exceptions = new TreeMap<>();

  OrderedRooms(String... rooms) {
    this.rooms = new TreeSet<>(List.of(rooms));
  }

  /** Lets one class use something for a reason. */
  OrderedRooms except(String type, String use, String reason) {
    exceptions.put(type + " uses " + use, reason);
    return this;
  }

  /** The packages. */
  Set<String> rooms() {
    return rooms;
  }

  /** One line per use of something without an order, and per exception that nobody needs. */
  List<String> violations(Iterable<JavaClass> classes) {
    Set<String> found = new TreeSet<>();
    for (JavaClass user : classes) {
      if (rooms.contains(user.getPackageName())) {
        String name = user.getName().replaceFirst("\\$.*", "");
        accesses(user)
            .flatMap(access -> unordered(access.getTarget()).stream())
            .forEach(use -> found.add(name + " uses " + use));
      }
    }
    List<String> problems = new ArrayList<>();
    for (String use : found) {
      if (!exceptions.containsKey(use)) {
        problems.add(use + ", which has no order: take LinkedHashMap, TreeMap or OrderedCopy");
      }
    }
    for (String exception : exceptions.keySet()) {
      if (!found.contains(exception)) {
        problems.add("no longer true: " + exception);
      }
    }
    return problems;
  }

  private static Stream<JavaCodeUnitAccess<?>> accesses(JavaClass user) {
    return user.getAccessesFromSelf().stream()
        .filter(JavaCodeUnitAccess.class::isInstance)
        .map(access -> (JavaCodeUnitAccess<?>) access);
  }

  private static Optional<String> unordered(CodeUnitAccessTarget target) {
    String owner = target.getOwner().getSimpleName();
    if (target.getName().equals("<init>")) {
      return UNORDERED.contains(owner) ? Optional.of("new " + owner) : Optional.empty();
    }
    String call = owner + "." + target.getName();
    List<JavaClass> parameters = target.getRawParameterTypes();
    boolean many =
        parameters.size() > HARMLESS_UP_TO.getOrDefault(call, Integer.MAX_VALUE)
            || (HARMLESS_UP_TO.containsKey(call)
                && parameters.stream().anyMatch(JavaClass::isArray));
    boolean few = parameters.size() < HARMLESS_FROM.getOrDefault(call, 0);
    return SALTED.contains(call) || many || few ? Optional.of(call) : Optional.empty();
  }
}

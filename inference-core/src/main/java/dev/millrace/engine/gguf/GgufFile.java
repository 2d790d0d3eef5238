package dev.millrace.engine.gguf;

import dev.millrace.engine.gguf.GgufException.Kind;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model as GGUF, in one file or in several that belong together, mapped into memory. Thread-safe.
 * Its tensors are views of the mapping and die with it; the files must not be changed meanwhile.
 */
public final class GgufFile implements AutoCloseable {

  private static final Pattern PART =
      Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})(\\.gguf)", Pattern.CASE_INSENSITIVE);
  private static final String SUFFIX = ".gguf";
  private static final int PARTS_MAX = 65_535;
  private static final String SPLIT_COUNT = "split.count";
  private static final String SPLIT_NUMBER = "split.no";

  private final Path path;
  private final List<Path> parts;
  private final Arena arena;
  private final GgufMetadata metadata;
  private final Map<String, GgufTensor> tensors;

  private GgufFile(
      Path path,
      List<Path> parts,
      Arena arena,
      GgufMetadata metadata,
      Map<String, GgufTensor> tensors) {
    this.path = path;
    this.parts = List.copyOf(parts);
    this.arena = arena;
    this.metadata = metadata;
    this.tensors = tensors;
  }

  /** Whether a path is that of a GGUF file, by its name; a directory never is. */
  public static boolean isNamed(Path path) {
    return path.toString().toLowerCase(Locale.ROOT).endsWith(SUFFIX) && !Files.isDirectory(path);
  }

  /**
   * Maps a file, and those that it names as its further parts.
   *
   * @param path of the first part
   * @throws GgufException if one is missing or malformed
   */
  public static GgufFile open(Path path) {
    Arena arena = Arena.ofShared();
    try {
      Map<String, GgufTensor> tensors = new LinkedHashMap<>();
      GgufMetadata metadata = add(path, arena, tensors);
      List<Path> parts = new ArrayList<>(List.of(path));
      int count = metadata.integer(SPLIT_COUNT, 0, PARTS_MAX).orElse(1);
      if (count > 1) {
        addParts(path, count, metadata, arena, tensors, parts);
      }
      return new GgufFile(path, parts, arena, metadata, tensors);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private static void addParts(
      Path first,
      int count,
      GgufMetadata metadata,
      Arena arena,
      Map<String, GgufTensor> tensors,
      List<Path> parts) {
    requireNumber(first, metadata, 0, count);
    Matcher name = PART.matcher(first.getFileName().toString());
    if (!name.matches()
        || Integer.parseInt(name.group(2)) != 1
        || Integer.parseInt(name.group(3)) != count) {
      throw split(
          first,
          String.format(
              Locale.ROOT,
              "it is the first of %d files; expected the name NAME-00001-of-%05d.gguf, and the"
                  + " others beside it",
              count,
              count));
    }
    for (int i = 1; i < count; i++) {
      Path part =
          first.resolveSibling(
              String.format(
                  Locale.ROOT,
                  "%s-%05d-of-%s%s",
                  name.group(1),
                  i + 1,
                  name.group(3),
                  name.group(4)));
      if (Files.notExists(part)) {
        throw split(first, "its further part %s is missing".formatted(part.getFileName()));
      }
      requireNumber(part, add(part, arena, tensors), i, count);
      parts.add(part);
    }
    int total = metadata.requiredInteger("split.tensors.count", 0, Integer.MAX_VALUE);
    if (total != tensors.size()) {
      throw split(
          first,
          String.format(
              Locale.ROOT,
              "its parts have %,d tensors, split.tensors.count says %,d",
              tensors.size(),
              total));
    }
  }

  private static void requireNumber(Path part, GgufMetadata metadata, int number, int count) {
    int found = metadata.requiredInteger(SPLIT_NUMBER, 0, PARTS_MAX);
    int of = metadata.requiredInteger(SPLIT_COUNT, 0, PARTS_MAX);
    if (found != number || of != count) {
      throw split(
          part,
          String.format(
              Locale.ROOT,
              "it says that it is part %d of %d, expected %d of %d; give the first part",
              found + 1,
              of,
              number + 1,
              count));
    }
  }

  private static GgufException split(Path file, String problem) {
    return new GgufException(Kind.SPLIT, file, problem);
  }

  private static GgufMetadata add(Path file, Arena arena, Map<String, GgufTensor> tensors) {
    MemorySegment data = map(file, arena);
    GgufHeader header = GgufHeader.read(file, data);
    for (GgufHeader.Announced info : header.tensors()) {
      GgufTensor tensor =
          new GgufTensor(
              info.name(),
              info.type(),
              info.extents(),
              data.asSlice(header.dataStart() + info.offset(), info.bytes()));
      if (tensors.put(info.name(), tensor) != null) {
        throw new GgufException(
            Kind.TENSOR_DUPLICATE, file, "tensor %s is in two parts".formatted(info.name()));
      }
    }
    return header.metadata();
  }

  private static MemorySegment map(Path file, Arena arena) {
    try {
      if (Files.isDirectory(file)) {
        throw new GgufException(Kind.UNREADABLE, file, "expected a GGUF file, found a directory");
      }
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw new GgufException(
            Kind.UNREADABLE, file, "expected a regular file, found a device or a pipe");
      }
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      }
    } catch (NoSuchFileException e) {
      throw new GgufException(Kind.UNREADABLE, file, "there is no such GGUF file", e);
    } catch (IOException e) {
      throw new GgufException(Kind.UNREADABLE, file, "it cannot be read: " + e, e);
    }
  }

  /** The file that was opened. */
  public Path path() {
    return path;
  }

  /** Names of all its files, ascending. */
  public List<String> parts() {
    return parts.stream().map(part -> part.getFileName().toString()).sorted().toList();
  }

  /** Keys and values of the first part. */
  public GgufMetadata metadata() {
    return metadata;
  }

  /** All tensors, in the order of the files. */
  public List<GgufTensor> tensors() {
    return List.copyOf(tensors.values());
  }

  /** A tensor by name, if it is there. */
  public Optional<GgufTensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** Unmaps the files. Idempotent. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}

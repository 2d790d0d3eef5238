package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BackendException;
import dev.millrace.kernels.CompiledKernels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/** Finds the compiled kernels for a device. Pure functions. */
final class KernelImages {

  /** System property: an image to load in place of those that come with this program. */
  static final String IMAGE_PROPERTY = "millrace.cuda.kernels";

  private static final int ALIGNMENT = 64;

  private KernelImages() {}

  /** Why there are no kernels to load; empty if there are some. Never throws. */
  static Optional<String> missing() {
    String chosen = System.getProperty(IMAGE_PROPERTY, "");
    if (!chosen.isEmpty()) {
      return Files.isRegularFile(Path.of(chosen))
          ? Optional.empty()
          : Optional.of("%s=%s does not exist".formatted(IMAGE_PROPERTY, chosen));
    }
    try {
      CompiledKernels.bundled();
      return Optional.empty();
    } catch (IllegalStateException | UncheckedIOException e) {
      return Optional.of("no compiled kernels: " + e.getMessage());
    }
  }

  /**
   * Loads the kernels that suit the device into its context, which owns them from then on.
   *
   * @throws BackendException if there are none, or the driver refuses them
   */
  static KernelModule load(CudaContext context) {
    String chosen = System.getProperty(IMAGE_PROPERTY, "");
    if (!chosen.isEmpty()) {
      return load(read(Path.of(chosen)), Path.of(chosen).getFileName().toString(), context);
    }
    Device device = context.device();
    CompiledKernels.Image image;
    try {
      image = CompiledKernels.bundled().imageFor(device.major(), device.minor());
    } catch (IllegalStateException | IllegalArgumentException | UncheckedIOException e) {
      throw new BackendException("cannot load the kernels: " + e.getMessage(), e);
    }
    return load(image.bytes(), image.name(), context);
  }

  /** Digest of the kernels that {@link #load} takes: of their sources, or of a chosen image. */
  static String build() {
    String chosen = System.getProperty(IMAGE_PROPERTY, "");
    return chosen.isEmpty()
        ? CompiledKernels.bundled().sourceDigest()
        : sha256(read(Path.of(chosen)));
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new BackendException(
          "cannot read the kernels of %s=%s: %s".formatted(IMAGE_PROPERTY, file, e), e);
    }
  }

  private static KernelModule load(byte[] image, String name, CudaContext context) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(image.length, ALIGNMENT);
      MemorySegment.copy(image, 0, memory, ValueLayout.JAVA_BYTE, 0, image.length);
      return context.own(new KernelModule(memory, name, context.device()));
    }
  }
}

package dev.millrace.kernels;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernels as nvcc compiled them, one image per architecture, and the manifest that says what
 * they were made of. Immutable.
 */
public final class CompiledKernels {

  private static final Logger LOG = LoggerFactory.getLogger(CompiledKernels.class);
  private static final String MANIFEST = "manifest.json";
  private static final String PTX = "compute_80.ptx";
  private static final int OLDEST_MAJOR = 8;

  /**
   * A module image as {@code cuModuleLoadDataEx} takes it.
   *
   * @param name for messages, such as {@code sm_90a.cubin}
   * @param bytes a cubin, or PTX text ending with a zero byte; the caller's own copy
   * @param ptx whether the driver has to compile it
   */
  public record Image(String name, byte[] bytes, boolean ptx) {}

  /**
   * What ptxas reports of a kernel.
   *
   * @param registers per thread
   * @param stack bytes of local memory per thread
   * @param spillStores bytes of spill stores per thread
   * @param spillLoads bytes of spill loads per thread
   */
  public record Usage(int registers, int stack, int spillStores, int spillLoads) {}

  private final String compiler;
  private final Map<String, String> sources;
  private final Map<String, String> images;
  private final Map<String, Map<String, Usage>> kernels;

  private CompiledKernels(JsonNode manifest) {
    compiler = manifest.required("nvcc").asText();
    sources = new TreeMap<>();
    manifest.required("sources").forEachEntry((file, hash) -> sources.put(file, hash.asText()));
    images = new TreeMap<>();
    kernels = new TreeMap<>();
    manifest
        .required("images")
        .forEachEntry((image, facts) -> {
          images.put(image, facts.required("sha256").asText());
          Map<String, Usage> usages = new TreeMap<>();
          facts
              .required("kernels")
              .forEachEntry((kernel, usage) -> usages.put(kernel, usage(usage)));
          kernels.put(image, usages);
        });
  }

  /**
   * Reads the manifest of the bundled kernels.
   *
   * @throws IllegalStateException if this jar has none
   */
  public static CompiledKernels bundled() {
    try {
      return new CompiledKernels(new ObjectMapper().readTree(resource(MANIFEST)));
    } catch (IOException failure) {
      throw new UncheckedIOException("cannot read the kernels' " + MANIFEST, failure);
    }
  }

  /**
   * The image for a device.
   *
   * @param major of its compute capability, such as 9
   * @param minor of its compute capability, such as 0
   * @return the compiled code of its family, or PTX for the driver to compile
   * @throws IllegalArgumentException if the device is older than compute capability 8.0
   */
  public Image imageFor(int major, int minor) {
    if (major < OLDEST_MAJOR) {
      throw new IllegalArgumentException(
          "the kernels need compute capability 8.0 or newer, the device has "
              + major
              + "."
              + minor);
    }
    if (major == OLDEST_MAJOR) {
      return image("sm_80.cubin");
    }
    if (major == 9 && minor == 0) {
      return image("sm_90a.cubin");
    }
    if (major == 10 && minor == 0) {
      return image("sm_100a.cubin");
    }
    LOG.warn(
        "no kernels were compiled for compute capability {}.{}: the driver compiles {} now, which"
            + " takes a while and does not use this device's own matrix instructions",
        major,
        minor,
        PTX);
    return image(PTX);
  }

  /**
   * An image by its name.
   *
   * @throws IllegalArgumentException if there is none of that name
   * @throws IllegalStateException if its bytes are not those of the manifest
   */
  public Image image(String name) {
    String expected = images.get(name);
    if (expected == null) {
      throw new IllegalArgumentException(
          "no compiled kernels named " + name + "; there are " + images.keySet());
    }
    byte[] bytes;
    try (InputStream packed = new GZIPInputStream(open(name + ".gz"))) {
      bytes = packed.readAllBytes();
    } catch (IOException failure) {
      throw new UncheckedIOException("cannot unpack the kernels " + name, failure);
    }
    String found = sha256(bytes);
    if (!found.equals(expected)) {
      throw new IllegalStateException(
          "the kernels %s have digest %s, the manifest says %s; run kernels/build-kernels"
              .formatted(name, found, expected));
    }
    boolean ptx = name.endsWith(".ptx");
    return new Image(name, ptx ? Arrays.copyOf(bytes, bytes.length + 1) : bytes, ptx);
  }

  /** Names of the images. */
  public List<String> images() {
    return List.copyOf(images.keySet());
  }

  /** Version of the nvcc that compiled them. */
  public String compiler() {
    return compiler;
  }

  /** Digests of the source files the kernels were compiled from, by path. */
  public Map<String, String> sources() {
    return Collections.unmodifiableMap(sources);
  }

  /** One digest for all sources: it names these kernels in reports and caches. */
  public String sourceDigest() {
    StringBuilder all = new StringBuilder();
    sources.forEach((file, hash) -> all.append(file).append(' ').append(hash).append('\n'));
    return sha256(all.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** Names of the kernels, in all images the same. */
  public List<String> kernels() {
    return new ArrayList<>(kernels.getOrDefault("sm_80.cubin", Map.of()).keySet());
  }

  /** Registers, stack and spills of the kernels of an image, by name; empty for PTX. */
  public Map<String, Usage> usage(String image) {
    return Collections.unmodifiableMap(kernels.getOrDefault(image, Map.of()));
  }

  private static Usage usage(JsonNode facts) {
    return new Usage(
        facts.required("registers").asInt(),
        facts.required("stack").asInt(),
        facts.required("spillStores").asInt(),
        facts.required("spillLoads").asInt());
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = open(name)) {
      return in.readAllBytes();
    }
  }

  private static InputStream open(String name) {
    InputStream in = CompiledKernels.class.getResourceAsStream(name);
    if (in == null) {
      throw new IllegalStateException(
          "the kernels' resource " + name + " is missing; run kernels/build-kernels");
    }
    return in;
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java has SHA-256", impossible);
    }
  }
}

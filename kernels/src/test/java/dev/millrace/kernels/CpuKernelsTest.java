package dev.millrace.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class CpuKernelsTest {

  private static final int NO_COMPILER = 3;
  private static final Path SOURCES = Emulator.HOME.resolve("src/main/cpu");

  @Test
  void shouldBeMadeOfTheSourcesAtHand() throws Exception {
    Map<String, String> recorded = new HashMap<>();
    manifest().required("sources").forEachEntry((file, hash) -> recorded.put(file, hash.asText()));
    Map<String, String> found = new HashMap<>();
    try (Stream<Path> files = Files.list(SOURCES)) {
      for (Path file : files.toList()) {
        found.put(file.getFileName().toString(), sha256(Files.readAllBytes(file)));
      }
    }
    assertThat(recorded)
        .as("digests of the sources in cpu/manifest.json; if they differ run kernels/build-cpu")
        .isEqualTo(found);
  }

  @Test
  void shouldHoldTheLibraryOfItsManifest() throws Exception {
    byte[] library = resource(CpuKernels.LIBRARY);

    assertThat(sha256(library)).isEqualTo(manifest().required("library").asText());
    assertThat(library).startsWith(0x7f, 'E', 'L', 'F');
  }

  @Test
  void shouldBeWhatTheCompilerMakesOfTheSources() {
    Emulator.Run check = Emulator.run(Map.of(), "./build-cpu", "--check");
    Assumptions.assumeFalse(
        check.status() == NO_COMPILER, () -> "not compiled again: " + check.output());
    assertThat(check.status()).as(check.output()).isZero();
  }

  private static JsonNode manifest() throws IOException {
    return new ObjectMapper().readTree(resource("manifest.json"));
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in =
        CpuKernels.class.getClassLoader().getResourceAsStream(CpuKernels.FOLDER + name)) {
      assertThat(in).as("resource %s; run kernels/build-cpu", name).isNotNull();
      return in.readAllBytes();
    }
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}

package dev.millrace.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompiledKernelsTest {

  private static final int NO_COMPILER = 3;
  private static final Path SOURCES = Emulator.HOME.resolve("src/main/cuda");

  private final CompiledKernels kernels = CompiledKernels.bundled();

  @Test
  void shouldBeMadeOfTheSourcesAtHand() throws Exception {
    Map<String, String> found = new HashMap<>();
    try (Stream<Path> files = Files.walk(SOURCES)) {
      for (Path file : files.filter(f -> f.toString().matches(".*\\.cuh?")).toList()) {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
        found.put(
            SOURCES.relativize(file).toString().replace('\\', '/'),
            HexFormat.of().formatHex(digest));
      }
    }
    assertThat(kernels.sources())
        .as("digests of the sources in manifest.json; if they differ run kernels/build-kernels")
        .isEqualTo(found);
  }

  @Test
  void shouldHaveEveryExportedKernelInEveryImage() {
    Emulator.build();
    Emulator.Run symbols =
        Emulator.run(Map.of(), "nm", "-D", "target/emulator/libmillrace_kernels.so");
    Assumptions.assumeTrue(symbols.status() == 0, "no nm here to list the emulator's kernels");
    List<String> exported = new ArrayList<>();
    var matcher = Pattern.compile(" T (mr_\\w+)__mr_call").matcher(symbols.output());
    while (matcher.find()) {
      exported.add(matcher.group(1));
    }
    for (String image : kernels.images()) {
      String text = new String(kernels.image(image).bytes(), StandardCharsets.ISO_8859_1);
      assertThat(exported).isNotEmpty().allSatisfy(kernel -> assertThat(text).contains(kernel));
    }
    assertThat(kernels.kernels()).containsExactlyInAnyOrderElementsOf(exported);
  }

  @ParameterizedTest
  @CsvSource({
    "8,0,sm_80.cubin,false",
    "8,6,sm_80.cubin,false",
    "8,9,sm_80.cubin,false",
    "9,0,sm_90a.cubin,false",
    "10,0,sm_100a.cubin,false",
    "10,3,compute_80.ptx,true",
    "12,0,compute_80.ptx,true"
  })
  void shouldGiveEachDeviceItsImage(int major, int minor, String name, boolean ptx) {
    CompiledKernels.Image image = kernels.imageFor(major, minor);
    assertThat(image.name()).isEqualTo(name);
    assertThat(image.ptx()).isEqualTo(ptx);
    String start = new String(image.bytes(), 0, 2048, StandardCharsets.ISO_8859_1);
    if (ptx) {
      assertThat(start).contains(".version").contains(".target sm_80");
      assertThat(image.bytes()).endsWith((byte) 0);
    } else {
      assertThat(start).startsWith("\u007fELF");
    }
  }

  @Test
  void shouldRefuseOldDevices() {
    assertThatThrownBy(() -> kernels.imageFor(7, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("8.0")
        .hasMessageContaining("7.5");
    assertThatThrownBy(() -> kernels.image("sm_70.cubin"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sm_90a.cubin");
  }

  /** Every kernel is hot or small: a spill is a defect in both. */
  @ParameterizedTest
  @ValueSource(strings = {"sm_80.cubin", "sm_90a.cubin", "sm_100a.cubin"})
  void shouldNotSpillRegisters(String image) {
    assertThat(kernels.usage(image))
        .isNotEmpty()
        .allSatisfy((kernel, usage) -> {
          assertThat(usage.spillStores()).as("spill stores of %s", kernel).isZero();
          assertThat(usage.spillLoads()).as("spill loads of %s", kernel).isZero();
        });
  }

  /** No disassembler needed: an instruction has 16 bytes, its kind is in the lowest 12 bits. */
  @Test
  void shouldMultiplyWithHoppersOwnInstructions() {
    Map<String, byte[]> hopper = CubinCode.of(kernels.image("sm_90a.cubin").bytes());
    Map<String, byte[]> ampere = CubinCode.of(kernels.image("sm_80.cubin").bytes());
    List<String> products =
        hopper.keySet().stream()
            .filter(kernel -> kernel.matches("mr_(gemm|swiglu)_(bf16|fp8|int4)_n\\d+"))
            .toList();
    assertThat(products).hasSize(30);
    for (String kernel : products) {
      int multiply = CubinCode.HGMMA;
      if (kernel.contains("fp8")) {
        multiply = CubinCode.QGMMA;
      } else if (kernel.contains("int4")) {
        multiply = CubinCode.HGMMA_OF_REGISTERS;
      }
      assertThat(CubinCode.count(hopper, kernel, multiply)).as("wgmma in %s", kernel).isPositive();
      assertThat(CubinCode.count(ampere, kernel, multiply)).as("on sm_80, %s", kernel).isZero();
      // Four-bit weights pass through registers; the others are whole tiles.
      assertThat(CubinCode.count(hopper, kernel, CubinCode.UBLKCP) > 0)
          .as("bulk copies in %s", kernel)
          .isEqualTo(!kernel.contains("int4"));
    }
  }

  @Test
  void shouldBeWhatTheCompilerMakesOfTheSources() throws IOException {
    Path stamp = Emulator.HOME.resolve("target/compiled-checked.txt");
    // Compiling takes a minute: once per state of the sources.
    String state = kernels.sourceDigest() + Files.readString(resource("manifest.json"));
    if (Files.exists(stamp) && Files.readString(stamp).equals(state)) {
      return;
    }
    Emulator.Run check = Emulator.run(Map.of(), "./build-kernels", "--check");
    Assumptions.assumeFalse(
        check.status() == NO_COMPILER, () -> "images are not compiled again: " + check.output());
    assertThat(check.status()).as(check.output()).isZero();
    Files.writeString(stamp, state);
  }

  private static Path resource(String name) {
    return Emulator.HOME.resolve("src/main/resources/dev/millrace/kernels").resolve(name);
  }
}

package dev.millrace.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The stand-in for the driver's library, as a program sees it that links against it. */
class StandInDriverTest {

  /** As many as JCuda 12.6.0's natives import. */
  private static final int IMPORTS = 312;

  @Test
  @SuppressWarnings("restricted")
  void shouldDefineEverySymbolThatJCudaImports() throws IOException {
    Path library = Emulator.build().resolve("libcuda.so.1");
    List<String> imports =
        Files.readAllLines(Emulator.HOME.resolve("src/emulator/cpp/imports.txt")).stream()
            .filter(line -> !line.startsWith("#"))
            .toList();
    try (Arena arena = Arena.ofConfined()) {
      SymbolLookup symbols = SymbolLookup.libraryLookup(library, arena);
      assertThat(imports).hasSize(IMPORTS).doesNotHaveDuplicates();
      // A missing one ends a JVM at the first call, without an exception.
      assertThat(imports).filteredOn(name -> symbols.find(name).isEmpty()).isEmpty();
      // Calls that JCuda lacks and FFM makes on the same library.
      assertThat(List.of("cuLaunchKernelEx", "cuTensorMapEncodeTiled", "cuGraphExecUpdate_v2"))
          .allSatisfy(name -> assertThat(symbols.find(name)).isPresent());
    }
  }
}

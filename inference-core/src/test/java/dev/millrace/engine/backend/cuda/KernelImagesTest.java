package dev.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.kernels.CompiledKernels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** What names the kernels in records. Needs no device. */
@Isolated("sets properties of the system")
class KernelImagesTest {
  private static final String SHA256_OF_ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  private final @Nullable String before = System.getProperty(KernelImages.IMAGE_PROPERTY);

  @AfterEach
  void restore() {
    if (before == null) {
      System.clearProperty(KernelImages.IMAGE_PROPERTY);
    } else {
      System.setProperty(KernelImages.IMAGE_PROPERTY, before);
    }
  }

  @Test
  void shouldNameTheBundledKernelsByTheirSources() {
    System.clearProperty(KernelImages.IMAGE_PROPERTY);

    assertThat(KernelImages.build())
        .isEqualTo(CompiledKernels.bundled().sourceDigest())
        .matches("[0-9a-f]{64}");
  }

  @Test
  void shouldNameAChosenImageByItsBytes(@TempDir Path directory) throws IOException {
    Path image = directory.resolve("image");
    Files.write(image, "abc".getBytes(StandardCharsets.US_ASCII));
    System.setProperty(KernelImages.IMAGE_PROPERTY, image.toString());

    assertThat(KernelImages.build()).isEqualTo(SHA256_OF_ABC);
  }
}

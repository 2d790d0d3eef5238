package dev.millrace.engine.inspect;

import dev.millrace.engine.EngineException;
import dev.millrace.engine.checkpoint.GgufImport;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tokenizer.GgufTokenizerImport;
import dev.millrace.engine.tokenizer.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Turns a GGUF file into a model directory in Hugging Face's layout. Stateless. */
public final class ModelImport {

  private ModelImport() {}

  /**
   * Writes a model directory.
   *
   * @param file the (first) GGUF file
   * @param directory made if it is not there; else empty
   * @param rounded whether weights in blocks become bf16, rounded to nearest, and not f32, which
   *     loses nothing
   * @throws EngineException if the file cannot be read, or the directory not be written
   */
  public static void write(Path file, Path directory, boolean rounded) {
    HuggingFaceTokenizer.open(file).close();
    requireEmpty(directory);
    GgufTokenizerImport.write(file, directory);
    GgufImport.write(file, directory, rounded ? DType.BF16 : DType.F32);
  }

  private static void requireEmpty(Path directory) {
    try {
      Files.createDirectories(directory);
      try (Stream<Path> files = Files.list(directory)) {
        if (files.findAny().isPresent()) {
          throw new EngineException(
              "cannot import into %s: it is not empty; name a new directory".formatted(directory));
        }
      }
    } catch (IOException e) {
      throw new EngineException("cannot import into %s: %s".formatted(directory, e), e);
    }
  }
}

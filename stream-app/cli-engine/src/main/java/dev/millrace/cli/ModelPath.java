package dev.millrace.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** What {@code --model} may name: a directory, or a GGUF file. Stateless. */
public final class ModelPath {
  private ModelPath() {}

  /**
   * Makes sure that it may be one; what is wrong inside, the engine says best.
   *
   * @param called the model's name in messages; empty for the only one
   * @throws CommandException if it is neither
   */
  public static void require(String called, Path path) {
    if (!Files.isDirectory(path) && !path.toString().toLowerCase(Locale.ROOT).endsWith(".gguf")) {
      throw CommandException.failure(
          ("cannot open the model%s: %s is neither a directory nor a .gguf file; name one with"
                  + " --model")
              .formatted(called.isEmpty() ? "" : " " + called, path));
    }
  }
}

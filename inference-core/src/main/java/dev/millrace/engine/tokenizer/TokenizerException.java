package dev.millrace.engine.tokenizer;

import dev.millrace.engine.EngineException;
import java.nio.file.Path;

/** A tokenizer or chat template that cannot be used: which file, what was found and expected. */
public final class TokenizerException extends EngineException {
  private static final long serialVersionUID = 1L;

  /** About one file. */
  public TokenizerException(Path file, String problem) {
    super("cannot load %s: %s".formatted(file, problem));
  }

  /** The same, with its cause. */
  public TokenizerException(Path file, String problem, Throwable cause) {
    super("cannot load %s: %s".formatted(file, problem), cause);
  }
}

package dev.millrace.engine.tokenizer;

import dev.millrace.engine.EngineException;
import java.nio.file.Path;
import java.util.Locale;

/** A tokenizer or chat template that cannot be used: which file, what was found and expected. */
public final class TokenizerException extends EngineException {
  private static final long serialVersionUID = 1L;

  private final String problem;

  /** About one file. */
  public TokenizerException(Path file, String problem) {
    super(message(file, problem));
    this.problem = problem;
  }

  /** The same, with its cause. */
  public TokenizerException(Path file, String problem, Throwable cause) {
    super(message(file, problem), cause);
    this.problem = problem;
  }

  private static String message(Path file, String problem) {
    return String.format(Locale.ROOT, "cannot load %s: %s", file, problem);
  }

  /** What was found and expected, without the file. */
  public String problem() {
    return problem;
  }
}

package dev.millrace.engine.checkpoint;

import dev.millrace.engine.EngineException;
import java.nio.file.Path;

/** A model directory that cannot be used: which file, what was found, what was expected. */
public final class CheckpointException extends EngineException {
  private static final long serialVersionUID = 1L;

  /** About one file or directory. */
  public CheckpointException(Path file, String problem) {
    super("cannot load %s: %s".formatted(file, problem));
  }

  /** The same, with its cause. */
  public CheckpointException(Path file, String problem, Throwable cause) {
    super("cannot load %s: %s".formatted(file, problem), cause);
  }
}

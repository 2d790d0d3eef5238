package dev.millrace.engine.gguf;

import dev.millrace.engine.EngineException;
import java.nio.file.Path;

/** A GGUF file that cannot be used: what kind of fault, what was found, what was expected. */
public final class GgufException extends EngineException {
  private static final long serialVersionUID = 1L;

  /** What is wrong with a file. */
  public enum Kind {
    /** There is no such file, or it cannot be read. */
    UNREADABLE,
    /** It does not begin as GGUF files do. */
    NOT_GGUF,
    /** A version of the format that is not read. */
    VERSION,
    /** Numbers are stored with the highest byte first. */
    BIG_ENDIAN,
    /** It ends before what it announces. */
    TRUNCATED,
    /** A length or a count that cannot be. */
    LENGTH,
    /** A value's type is unknown, or not the one its key has. */
    METADATA_TYPE,
    /** A key is there twice. */
    METADATA_DUPLICATE,
    /** A key that must be there is not. */
    METADATA_MISSING,
    /** A value out of its bounds, or one that asks for what is not supported. */
    METADATA_VALUE,
    /** An alignment that cannot be. */
    ALIGNMENT,
    /** A tensor lies where none can. */
    OFFSET,
    /** A tensor's type is unknown, removed from the format, or not decoded here. */
    TENSOR_TYPE,
    /** Extents that cannot be, or that contradict the metadata. */
    SHAPE,
    /** A name is there twice. */
    TENSOR_DUPLICATE,
    /** A tensor that must be there is not. */
    TENSOR_MISSING,
    /** A tensor that the architecture has no place for. */
    TENSOR_UNKNOWN,
    /** A name that cannot be. */
    TENSOR_NAME,
    /** An architecture that is not supported. */
    ARCHITECTURE,
    /** A vocabulary that is not supported, or contradicts itself. */
    TOKENIZER,
    /** Files that belong together are not all there, or do not fit. */
    SPLIT
  }

  private final Kind kind;

  /** About one file. */
  public GgufException(Kind kind, Path file, String problem) {
    super("cannot load %s: %s".formatted(file, problem));
    this.kind = kind;
  }

  /** The same, with its cause. */
  public GgufException(Kind kind, Path file, String problem, Throwable cause) {
    super("cannot load %s: %s".formatted(file, problem), cause);
    this.kind = kind;
  }

  /** What is wrong. */
  public Kind kind() {
    return kind;
  }
}

package dev.millrace.schema;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A registry did not do what it was asked to. */
public final class RegistryException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1L;

  /** What kind of no it was. */
  public enum Kind {
    /** No answer, or a temporary failure: try again later. */
    UNAVAILABLE,
    /** The credentials were missing or not enough. */
    FORBIDDEN,
    /** The schema does not fit the subject's earlier versions. */
    INCOMPATIBLE,
    /** There is no such thing. */
    UNKNOWN,
    /** The registry takes the request for nonsense. */
    REFUSED
  }

  private final Kind kind;
  private final int httpStatus;

  RegistryException(Kind kind, int httpStatus, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.httpStatus = httpStatus;
  }

  /** What kind of no it was. */
  public Kind kind() {
    return kind;
  }

  /** HTTP status of the answer; 0 if there was none. */
  public int httpStatus() {
    return httpStatus;
  }
}

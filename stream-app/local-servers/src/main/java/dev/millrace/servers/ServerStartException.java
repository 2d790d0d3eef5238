package dev.millrace.servers;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A server did not start. The message says why, and quotes the end of its log if there is one. */
public final class ServerStartException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1L;

  ServerStartException(String message) {
    super(message);
  }

  ServerStartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}

package dev.millrace.operations;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Resources that depend on each other: closed in the reverse order of their opening, whatever
 * fails. Used by one thread.
 */
public final class OpenResources implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OpenResources.class);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  /** Keeps what was opened and gives it back. */
  public <T extends AutoCloseable> T keep(T resource) {
    open.push(resource);
    return resource;
  }

  /** Closes all, the latest first. One that fails is told in the log and does not stop the rest. */
  @Override
  public void close() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        LOG.warn("closing went wrong; going on with the rest", e);
      }
    }
  }
}

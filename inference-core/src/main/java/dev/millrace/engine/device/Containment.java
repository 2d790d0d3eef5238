package dev.millrace.engine.device;

import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs foreign code (listeners) so that its mistakes stay its own: the first one is logged as a
 * warning, the others are counted. Thread-safe because its only state is a counter.
 */
final class Containment {
  private static final Logger LOG = LoggerFactory.getLogger(Containment.class);

  private final AtomicLong failures = new AtomicLong();

  void run(Runnable foreign) {
    try {
      foreign.run();
    } catch (VirtualMachineError e) {
      throw e;
    } catch (RuntimeException | Error e) {
      long count = failures.incrementAndGet();
      if (count == 1) {
        LOG.warn("a request listener threw; its result is lost to it, the engine goes on", e);
      } else {
        LOG.debug("a request listener threw, {} times so far", count, e);
      }
    }
  }

  long failures() {
    return failures.get();
  }
}

package dev.millrace.servers.child;

import java.io.IOException;
import java.io.InputStream;

/**
 * Ends this process as soon as its parent has ended, however that happened.
 *
 * <p>The parent holds the other end of standard input and never closes it; the kernel does when the
 * parent is gone, {@code kill -9} included. Immutable.
 */
final class ParentWatch {

  /** Exit code that tells a reader of the log why the server is gone. */
  static final int PARENT_GONE = 86;

  private ParentWatch() {}

  /** Starts watching on a daemon thread. */
  static void start() {
    start(System.in, () -> Runtime.getRuntime().halt(PARENT_GONE));
  }

  static Thread start(InputStream fromParent, Runnable whenGone) {
    return Thread.ofPlatform()
        .daemon()
        .name("parent-watch")
        .start(() -> {
          awaitEnd(fromParent);
          whenGone.run();
        });
  }

  private static void awaitEnd(InputStream fromParent) {
    byte[] ignored = new byte[64];
    try {
      while (fromParent.read(ignored) >= 0) {
        // The parent has nothing to say: only the end counts.
      }
    } catch (IOException e) {
      // A broken pipe is an end as well.
    }
  }
}

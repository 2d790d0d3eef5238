package dev.millrace.cli;

import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets Ctrl-C stop a command in good order, and a second one end the process at once. Thread-safe.
 */
public final class Signals {
  private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

  private Signals() {}

  /**
   * Runs {@code stop} on a thread of its own at the first SIGINT or SIGTERM.
   *
   * @param stop asks the command to end; the command itself then returns
   */
  public static void onStop(Runnable stop) {
    AtomicInteger count = new AtomicInteger();
    Runnable heard =
        () -> {
          if (count.incrementAndGet() == 1) {
            LOG.info("stopping; once more to end at once");
            Thread.ofPlatform().name("stop").start(stop);
          } else {
            Runtime.getRuntime().halt(ExitCode.STOPPED);
          }
        };
    for (String name : new String[] {"INT", "TERM"}) {
      handle(name, heard);
    }
  }

  /** By reflection: the class is in every JDK, but not part of the platform's specification. */
  private static void handle(String name, Runnable heard) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object proxy =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, arguments) -> {
                switch (method.getName()) {
                  case "handle" -> heard.run();
                  case "hashCode" -> {
                    return System.identityHashCode(self);
                  }
                  case "equals" -> {
                    return arguments != null
                        && System.identityHashCode(self) == System.identityHashCode(arguments[0]);
                  }
                  default -> {
                    return name;
                  }
                }
                return null;
              });
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      LOG.debug("SIG{} cannot be handled here: the default stays", name, e);
      if (name.equals("TERM")) {
        Runtime.getRuntime().addShutdownHook(new Thread(heard, "stop-hook"));
      }
    }
  }
}

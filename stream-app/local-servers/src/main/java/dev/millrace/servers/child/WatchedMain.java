package dev.millrace.servers.child;

import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;

/** Runs another main class in a process that ends with its parent. */
public final class WatchedMain {

  private WatchedMain() {}

  /**
   * Runs {@code arguments[0]}'s main method with the remaining arguments.
   *
   * @throws ReflectiveOperationException if there is no such class or it has no main method
   */
  public static void main(String[] arguments) throws ReflectiveOperationException {
    if (arguments.length == 0) {
      throw new IllegalArgumentException("expected the name of a main class");
    }
    ParentWatch.start();
    String[] rest = Arrays.copyOfRange(arguments, 1, arguments.length);
    try {
      Class.forName(arguments[0]).getMethod("main", String[].class).invoke(null, (Object) rest);
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(arguments[0] + " failed", e.getCause());
    }
  }
}

package dev.millrace.flink.start;

import java.lang.reflect.InvocationTargetException;

/**
 * The job jar's main class. Everything else in it is for Java 25, and an older one would refuse it
 * with the number of a class-file format.
 */
public final class JobMain {
  private static final int JAVA = 25;
  private static final String MAIN = "dev.millrace.flink.FlinkMain";

  private JobMain() {}

  /** Hands on to {@code FlinkMain}, or says which Java is missing. */
  public static void main(String[] arguments) throws Throwable {
    int running = Runtime.version().feature();
    if (running < JAVA) {
      throw new UnsupportedJavaException(
          "the Millrace job needs Java "
              + JAVA
              + ", and this is Java "
              + running
              + " ("
              + System.getProperty("java.home")
              + "): run Flink's client, job manager and task managers on a JDK "
              + JAVA
              + ", with JAVA_HOME or env.java.home");
    }
    try {
      Class.forName(MAIN).getMethod("main", String[].class).invoke(null, (Object) arguments);
    } catch (InvocationTargetException e) {
      throw e.getTargetException();
    }
  }

  /** Says all in its message: where it was thrown, says nothing. */
  private static final class UnsupportedJavaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnsupportedJavaException(String message) {
      super(message, null, false, false);
    }
  }
}

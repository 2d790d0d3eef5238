package dev.millrace.streams.topology;

import dev.millrace.operations.OperationException;
import org.rocksdb.RocksDB;

/** The native code that the pending stores run on. Stateless. */
public final class NativeLibraries {

  private NativeLibraries() {}

  /**
   * Loads it, where its failing can still be told: on a stream thread it could not.
   *
   * @throws OperationException if it cannot be loaded; says what to do
   */
  public static void load() {
    load(RocksDB::loadLibrary);
  }

  static void load(Runnable loader) {
    try {
      loader.run();
    } catch (RuntimeException | LinkageError e) {
      throw new OperationException(problem(e), e);
    }
  }

  /** What to do about native code that could not be loaded. */
  static String problem(Throwable fault) {
    String named = System.getenv("ROCKSDB_SHAREDLIB_DIR");
    String where =
        named == null
            ? "java.io.tmpdir = " + System.getProperty("java.io.tmpdir")
            : "ROCKSDB_SHAREDLIB_DIR = " + named;
    return ("cannot load native code that is unpacked into %s: %s. If that directory is mounted"
            + " noexec, is full or cannot be written to, name another one:"
            + " MILLRACE_JAVA_OPTS=-Djava.io.tmpdir=DIR (JDK_JAVA_OPTIONS in the image)")
        .formatted(where, fault.getMessage());
  }
}

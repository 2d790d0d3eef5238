package dev.millrace.flink;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One set of parts (models, and what stands on them) for all subtasks of a task manager that have
 * the same configuration. Holders are counted: a job holds them as long as its class loader is
 * there, and so they outlive its failures, for a model is not to be loaded again for each. Parts
 * whose engine is lost are replaced when they are asked for next. Thread-safe.
 */
final class SharedParts {
  private static final Logger LOG = LoggerFactory.getLogger(SharedParts.class);

  private static final Map<Object, SharedParts> OPEN = new HashMap<>();

  private final Object key;

  /** Guarded by {@link #OPEN}. */
  private final Set<Object> holders = new HashSet<>();

  private @Nullable Resource parts;
  private boolean lost;

  /** Something that is shared. */
  interface Resource extends AutoCloseable {
    @Override
    void close();
  }

  private SharedParts(Object key) {
    this.key = key;
  }

  /**
   * The parts of a configuration, held by the subtask's job; the first who asks opens them, and
   * others wait for it.
   *
   * @param context of the subtask, which tells when the job leaves the task manager
   * @param key the configuration; its class says of which type the parts are
   */
  static <P extends Resource> P of(
      RuntimeContext context, Object key, Class<P> type, Supplier<P> opener) {
    Object job = context.getJobInfo().getJobId();
    SharedParts shared = held(key, job);
    context.registerUserCodeClassLoaderReleaseHookIfAbsent(
        "millrace-" + key.getClass().getSimpleName() + "-" + key.hashCode(),
        () -> release(key, job));
    return type.cast(shared.opened(opener));
  }

  /** The same for who is told of no job: it releases them itself. */
  static <P extends Resource> P of(Object holder, Object key, Class<P> type, Supplier<P> opener) {
    return type.cast(held(key, holder).opened(opener));
  }

  private static SharedParts held(Object key, Object holder) {
    synchronized (OPEN) {
      SharedParts shared = OPEN.computeIfAbsent(key, SharedParts::new);
      shared.holders.add(holder);
      return shared;
    }
  }

  /** A holder needs them no more; the last one closes them. */
  static void release(Object key, Object holder) {
    SharedParts shared;
    synchronized (OPEN) {
      shared = OPEN.get(key);
      if (shared == null || !shared.holders.remove(holder) || !shared.holders.isEmpty()) {
        return;
      }
      OPEN.remove(key);
    }
    shared.close();
  }

  /** The engine of these parts is lost. */
  static void lost(Object key, Resource parts) {
    SharedParts shared;
    synchronized (OPEN) {
      shared = OPEN.get(key);
    }
    if (shared != null) {
      shared.markLost(parts);
    }
  }

  private synchronized void markLost(Resource these) {
    if (these.equals(parts)) {
      lost = true;
    }
  }

  private synchronized Resource opened(Supplier<? extends Resource> opener) {
    if (lost) {
      LOG.warn("the engine was lost: opening another");
      close();
    }
    Resource found = parts;
    if (found == null) {
      long begin = System.nanoTime();
      found = opener.get();
      parts = found;
      LOG.info("opened in {} ms", (System.nanoTime() - begin) / 1_000_000);
    }
    return found;
  }

  private synchronized void close() {
    Resource closing = parts;
    parts = null;
    lost = false;
    if (closing != null) {
      closing.close();
      LOG.info("closed what {} had opened", key.getClass().getSimpleName());
    }
  }
}

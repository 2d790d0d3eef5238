package dev.millrace.flink;

import dev.millrace.operations.config.Config;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One set of {@link Parts} for all subtasks of a job on a task manager. They live as long as the
 * job's class loader there, and so outlive failures of the job: a model is not loaded again for
 * each. Thread-safe.
 */
final class SharedParts {
  private static final Logger LOG = LoggerFactory.getLogger(SharedParts.class);

  private static final Map<JobConfig, SharedParts> OPEN = new HashMap<>();

  private final JobConfig config;
  private final Parts.Opener opener;
  private @Nullable Parts parts;

  private SharedParts(JobConfig config, Parts.Opener opener) {
    this.config = config;
    this.opener = opener;
  }

  /**
   * The parts of a job; the first subtask opens them, and others wait for it.
   *
   * @param context of the subtask, which tells when the job leaves the task manager
   */
  static Parts of(RuntimeContext context, JobConfig config, Parts.Opener opener) {
    SharedParts shared;
    synchronized (OPEN) {
      shared = OPEN.computeIfAbsent(config, key -> new SharedParts(key, opener));
    }
    context.registerUserCodeClassLoaderReleaseHookIfAbsent(
        "millrace-" + config.hashCode(), shared::close);
    return shared.opened();
  }

  private synchronized Parts opened() {
    Parts found = parts;
    if (found == null) {
      Config settings = config.parse();
      long begin = System.nanoTime();
      found = opener.open(settings);
      parts = found;
      LOG.info("opened in {} ms", (System.nanoTime() - begin) / 1_000_000);
    }
    return found;
  }

  private void close() {
    synchronized (OPEN) {
      OPEN.remove(config);
    }
    synchronized (this) {
      Parts closing = parts;
      parts = null;
      if (closing != null) {
        closing.close();
        LOG.info("closed: the job has left this task manager");
      }
    }
  }
}

package dev.millrace.engine.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs SwiGLU blocks over groups of rows: all panels of all groups are one list of tasks for each
 * half of the block. Owned by the engine thread.
 */
final class FeedForwards {

  private static final int ROWS_PER_TASK = Product.TILE_ROWS_MAX;

  /** Tasks of fewer rows wait for memory, the others compute. */
  private static final int READING_ROWS = 16;

  private final WorkerPool pool;
  private final NativeMemory memory;
  private MemorySegment[] tiles = {};

  FeedForwards(WorkerPool pool, NativeMemory memory) {
    this.pool = pool;
    this.memory = memory;
  }

  /**
   * Rows that go through one block.
   *
   * @param weights the block
   * @param rows number of rows
   * @param in operands, address of the first row
   * @param inner scratch for operands of the inner width
   * @param innerAt byte offset of the first row in {@code inner}
   * @param out floats, address of the first row
   * @param adding whether to add to {@code out} instead of overwriting it
   */
  record Group(
      SwiGlu weights,
      int rows,
      long in,
      MemorySegment inner,
      long innerAt,
      long out,
      boolean adding) {}

  private record Task(Group group, int panel, int firstRow, int rows) {}

  /** Runs all groups. */
  void run(List<Group> groups) {
    ensureTiles(groups);
    List<Task> first = new ArrayList<>();
    List<Task> second = new ArrayList<>();
    for (Group group : groups) {
      addTasks(first, group, group.weights().innerPanels());
      addTasks(second, group, group.weights().outerPanels());
    }
    List<Task> inner = mixed(first);
    List<Task> outer = mixed(second);
    pool.run(
        inner.size(),
        (worker, index) -> {
          Task next = next(inner, index);
          inner(worker, inner.get(index), next.group().weights().innerWeights(next.panel()));
        });
    pool.run(
        outer.size(),
        (worker, index) -> {
          Task next = next(outer, index);
          outer(worker, outer.get(index), next.group().weights().outerWeights(next.panel()));
        });
  }

  /** The task that the worker of another one probably gets next. */
  private Task next(List<Task> tasks, int index) {
    return tasks.get(pool.following(index, tasks.size()));
  }

  /** Spreads tasks that compute among those that read: some cores leave the memory to others. */
  private static List<Task> mixed(List<Task> tasks) {
    List<Task> computing = new ArrayList<>();
    List<Task> reading = new ArrayList<>();
    for (Task task : tasks) {
      (task.rows() < READING_ROWS ? reading : computing).add(task);
    }
    return spread(computing, reading);
  }

  /** Both lists in their orders, each evenly over the whole; the first one first. */
  static <T> List<T> spread(List<T> some, List<T> others) {
    List<T> all = new ArrayList<>(some.size() + others.size());
    int s = 0;
    int o = 0;
    while (s < some.size() || o < others.size()) {
      boolean behind = (long) s * others.size() <= (long) o * some.size();
      if (o == others.size() || (behind && s < some.size())) {
        all.add(some.get(s++));
      } else {
        all.add(others.get(o++));
      }
    }
    return all;
  }

  /** Neighbouring tasks share a panel, which then is still in the core's cache. */
  private static void addTasks(List<Task> tasks, Group group, int panels) {
    for (int panel = 0; panel < panels; panel++) {
      for (int row = 0; row < group.rows(); row += ROWS_PER_TASK) {
        tasks.add(new Task(group, panel, row, Math.min(ROWS_PER_TASK, group.rows() - row)));
      }
    }
  }

  private void inner(int worker, Task task, long upcoming) {
    Group group = task.group();
    SwiGlu weights = group.weights();
    long operandBytes = weights.operandType().bytes();
    long in = group.in() + task.firstRow() * operandBytes * weights.width();
    long inner = group.innerAt() + task.firstRow() * operandBytes * weights.innerWidth();
    weights.inner(
        worker,
        task.panel(),
        task.rows(),
        in,
        group.inner(),
        inner,
        tiles[2 * worker],
        tiles[2 * worker + 1],
        upcoming);
  }

  private static void outer(int worker, Task task, long upcoming) {
    Group group = task.group();
    SwiGlu weights = group.weights();
    long operandBytes = weights.operandType().bytes();
    long inner =
        group.inner().address()
            + group.innerAt()
            + task.firstRow() * operandBytes * weights.innerWidth();
    long out = group.out() + (long) task.firstRow() * Float.BYTES * weights.width();
    weights.outer(worker, task.panel(), task.rows(), inner, out, group.adding(), upcoming);
  }

  private void ensureTiles(List<Group> groups) {
    long bytes = 0;
    for (Group group : groups) {
      bytes = Math.max(bytes, 4L * ROWS_PER_TASK * group.weights().tileWidth());
    }
    if (tiles.length == 0 || tiles[0].byteSize() < bytes) {
      tiles = new MemorySegment[2 * pool.workers()];
      for (int i = 0; i < tiles.length; i++) {
        tiles[i] = memory.allocate(bytes);
      }
    }
  }
}

package dev.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerPoolTest {

  @Test
  void shouldRunEachTaskOnceWithItsOwnWorkerNumber() {
    try (WorkerPool pool = new WorkerPool("engine-test", 3, () -> {})) {
      for (int round = 0; round < 200; round++) {
        AtomicIntegerArray runs = new AtomicIntegerArray(round);
        AtomicIntegerArray inUse = new AtomicIntegerArray(3);
        pool.run(
            round,
            (worker, index) -> {
              assertThat(inUse.getAndIncrement(worker)).isZero();
              runs.incrementAndGet(index);
              inUse.decrementAndGet(worker);
            });
        for (int i = 0; i < round; i++) {
          assertThat(runs.get(i)).as("task %d of %d", i, round).isEqualTo(1);
        }
      }
    }
  }

  @Test
  void shouldReportAFailureAfterAllTasksHaveEnded() {
    try (WorkerPool pool = new WorkerPool("engine-test", 2, () -> {})) {
      AtomicInteger ended = new AtomicInteger();

      assertThatThrownBy(() ->
              pool.run(
                  50,
                  (worker, index) -> {
                    ended.incrementAndGet();
                    if (index == 7) {
                      throw new IllegalStateException("task 7");
                    }
                  }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("task 7");

      assertThat(ended).hasValue(50);
      pool.run(3, (worker, index) -> ended.incrementAndGet());
      assertThat(ended).hasValue(53);
    }
  }

  @Test
  void shouldPrepareEachHelperAndStopThemAll() {
    Set<Thread> prepared = ConcurrentHashMap.newKeySet();
    WorkerPool pool = new WorkerPool("engine-test", 3, () -> prepared.add(Thread.currentThread()));
    pool.run(10, (worker, index) -> {});

    pool.close();
    pool.close();

    assertThat(prepared).hasSize(2).noneMatch(Thread::isAlive);
    assertThatThrownBy(() -> pool.run(1, (worker, index) -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }
}

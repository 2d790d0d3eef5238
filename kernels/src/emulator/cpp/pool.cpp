#include "pool.h"

#include <stdlib.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace mr_emulated {
namespace {

struct Job {
  const Launch* launch;
  uint64_t blocks;
  std::atomic<uint64_t> next{0};
  std::atomic<bool> failed{false};
  uint64_t failed_block = ~uint64_t{0};
  Fault fault;
};

struct Pool {
  std::mutex mutex;
  std::condition_variable work, done;
  Job* job = nullptr;
  uint64_t epoch = 0;
  int wanted = 0, active = 0;
  std::mutex one_launch;

  Pool() {
    for (int i = 0; i < pool_threads(); i++) std::thread([this] { run(); }).detach();
  }

  void run() {
    install_signal_stack();
    Block* block = new Block;  // lives as long as the process
    uint64_t seen = 0;
    for (;;) {
      Job* mine;
      {
        std::unique_lock<std::mutex> lock(mutex);
        work.wait(lock, [&] { return wanted > 0 && epoch != seen; });
        seen = epoch;
        wanted--;
        active++;
        mine = job;
      }
      const Dim3 grid = mine->launch->grid;
      for (uint64_t i; !mine->failed && (i = mine->next++) < mine->blocks;) {
        const Dim3 index{static_cast<unsigned>(i % grid.x), static_cast<unsigned>(i / grid.x % grid.y),
                         static_cast<unsigned>(i / (uint64_t{grid.x} * grid.y))};
        if (block->run(*mine->launch, index)) continue;
        std::lock_guard<std::mutex> lock(mutex);
        // Of several failures at once the lowest block's is told.
        if (i < mine->failed_block) {
          mine->failed_block = i;
          mine->fault = block->fault;
        }
        mine->failed = true;
      }
      std::lock_guard<std::mutex> lock(mutex);
      if (--active == 0 && wanted == 0) done.notify_all();
    }
  }

  Fault launch(const Launch& launch) {
    std::lock_guard<std::mutex> turn(one_launch);
    Job mine;
    mine.launch = &launch;
    mine.blocks = uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
    std::unique_lock<std::mutex> lock(mutex);
    job = &mine;
    epoch++;
    wanted = static_cast<int>(mine.blocks < static_cast<uint64_t>(pool_threads()) ? mine.blocks : pool_threads());
    if (wanted == 1) {
      work.notify_one();
    } else {
      work.notify_all();
    }
    done.wait(lock, [&] { return active == 0 && wanted == 0; });
    job = nullptr;
    return mine.fault;
  }
};

}  // namespace

int pool_threads() {
  static const int count = [] {
    const char* wanted = getenv("MILLRACE_EMULATOR_THREADS");
    const int n = wanted ? atoi(wanted) : static_cast<int>(std::thread::hardware_concurrency());
    return n < 1 ? 1 : n > 64 ? 64 : n;
  }();
  return count;
}

Fault run_launch(const Launch& launch) {
  static Pool* pool = new Pool;
  return pool->launch(launch);
}

}  // namespace mr_emulated

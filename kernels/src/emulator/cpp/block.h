// One block of threads as fibers on one OS thread: scheduling, barriers, warp and warpgroup operations.
#pragma once
#include <stdint.h>

#include <string>
#include <vector>

#include "errors.h"
#include "millrace/emulated/abi.h"
#include "tensor_map.h"

namespace mr_emulated {

constexpr int WARP = 32;
constexpr int WARPS_MAX = 32;
constexpr int THREADS_MAX = WARP * WARPS_MAX;
constexpr int BARRIERS = 16;
constexpr int GROUP = 128;  // threads of a warpgroup
constexpr int GROUPS_MAX = THREADS_MAX / GROUP;
// 32-bit addresses of dynamic shared memory start here: sm_90 keeps the first kilobyte for itself.
constexpr uint32_t SHARED_BASE = 1024;
// Address space on both sides of shared memory that nothing else gets.
constexpr size_t SHARED_GUARD = 256 << 10;

enum class Order { FORWARD, REVERSE, RANDOM };

// Thread orders, seed and the like, from the environment.
struct Settings {
  Order order = Order::FORWARD;
  uint64_t seed = 1;
  static const Settings& get();
};

// A launch as the pool runs it.
struct Launch {
  std::string kernel;
  void (*entry)(void**) = nullptr;
  void** arguments = nullptr;
  Dim3 grid{}, size{};
  size_t shared_bytes = 0;
  Thread** (*self)() = nullptr;  // the kernel library's slot of the calling OS thread
};

class Block;
struct Lane;

// What the lanes of a warp (or warpgroup) do together: the last one to arrive runs it for all.
struct Operation {
  const char* name;
  void (*run)(Block&, Lane* const* lanes, uint32_t mask);
  bool aligned;  // needs all lanes of the warp at the same place of the source
};

enum class State { READY, BARRIER, WARP, GROUP, MBARRIER, DONE };

// A pending background copy of a thread into shared memory.
struct AsyncCopy {
  char* shared;
  const char* global;
  bool predicate;
  int group;
  Where where;
};

struct Lane {
  Thread thread{};
  void* stack_pointer = nullptr;
  char* stack = nullptr;
  State state = State::READY;
  Where where{};
  // Of the operation this lane takes part in.
  const Operation* operation = nullptr;
  void* operands = nullptr;
  uint32_t mask = 0;
  int barrier = 0;
  uint32_t mbarrier = 0;  // offset in shared memory
  std::vector<AsyncCopy> copies;
  int copy_group = 0;
  std::vector<struct BulkStore> stores;
  int store_group = 0;
};

// A TMA transfer under way.
struct BulkLoad {
  TensorMap map;  // rank 0: a plain copy of `bytes` from `source`
  int at[5];
  const char* source;
  uint32_t bytes, shared, mbarrier;
  uint64_t ready;  // number of switches after which it may complete
  int lane;
  Where where;
};
struct BulkStore {
  TensorMap map;
  int at[5];
  uint32_t shared;
  int group;
  Where where;
};

struct Warp {
  uint32_t all = 0, alive = 0, ready = 0, arrived = 0;
  int last = 0;  // lane that ran last
};
struct Barrier {
  int arrived = 0, expected = 0;
  uint32_t lanes[WARPS_MAX] = {};    // arrived, waiting or not
  uint32_t waiting[WARPS_MAX] = {};
  Where where[WARPS_MAX] = {};
};

// wgmma instructions issued and not yet waited for, of one warpgroup.
struct WgmmaJob {
  Wgmma operands;
  std::vector<uint16_t> a_rows;  // 64 x 16 bf16 if a came from registers
  int target;                    // index into Group::targets
  int group;
  bool done;
  Where where;
};
struct WgmmaTarget {
  float* lanes[GROUP];
  int columns;
  std::vector<float> values;  // 64 x columns
};
struct Group {
  uint32_t arrived = 0;  // lanes, counted
  const Operation* operation = nullptr;
  bool fenced = false;
  int registers = 0;
  int commit_group = 0;
  std::vector<WgmmaJob> jobs;
  std::vector<WgmmaTarget> targets;
};

class Block {
 public:
  Block();
  // Runs one block to its end; false if `fault` was set.
  bool run(const Launch& launch, Dim3 index);
  Fault fault;

  // ---- For operations, called on the running fiber.
  Lane& running() { return *running_; }
  static Block& current();
  // Ends the block with an error; does not return to the fiber.
  [[noreturn]] void fail(CudaError code, const std::string& what, Where where);
  // Waits, in the state the lane has been given, until somebody makes it ready.
  void sleep();
  void wake(Lane& lane);
  void warp_operation(uint32_t mask, void* operands, const Operation* operation, Where where);
  void group_operation(void* operands, const Operation* operation, Where where);
  void barrier(int id, int threads, bool wait, Where where);

  // Shared memory.
  char* shared() { return shared_; }
  size_t shared_bytes() const { return shared_bytes_; }
  uint32_t shared_offset(const void* p, size_t bytes, size_t alignment, const char* what, Where where);

  uint32_t random();
  // True in about one of `n` calls under random order, never else.
  bool chance(uint32_t n) { return order_ == Order::RANDOM && random() % n == 0; }
  Order order() const { return order_; }
  Group& group() { return groups_[running_->thread.warp / 4]; }
  Group& group(int index) { return groups_[index]; }
  int threads() const { return threads_; }
  Lane& lane(int index) { return lanes_[index]; }

  // mbarriers and bulk transfers (async.cpp).
  void start(BulkLoad load);
  void phase_update(uint32_t mbarrier);
  std::vector<uint32_t>& mbarriers() { return mbarriers_; }
  std::vector<int>& mbarrier_waiters() { return mbarrier_waiters_; }

 private:
  friend struct Faults;
  static void lane_main();
  void prepare(const Launch& launch, Dim3 index);
  void next(void** save);
  void resume(void** save, Lane& lane);
  bool progress(bool idle);
  void complete(size_t load);
  void leave();
  void finish_barrier(int id);
  void check_barrier(int id);
  void check_warp(Warp& warp, int index);
  int pick(uint32_t mask, int last);
  [[noreturn]] void fail_mixed(const Lane& a, const Lane& b);
  void check_end();
  std::string deadlock();
  std::string describe(const Lane& lane);
  [[noreturn]] void abandon();

  std::vector<Lane> lanes_;
  char* stacks_ = nullptr;
  int stacks_count_ = 0;
  Warp warps_[WARPS_MAX];
  Barrier barriers_[BARRIERS];
  Group groups_[GROUPS_MAX];
  std::vector<BulkLoad> loads_;
  std::vector<uint32_t> mbarriers_;
  std::vector<int> mbarrier_waiters_;
  int threads_ = 0, warp_count_ = 0, live_ = 0, last_warp_ = 0;
  uint64_t switches_ = 0;
  Lane* running_ = nullptr;
  void* main_ = nullptr;
  const Launch* launch_ = nullptr;
  Thread** self_ = nullptr;
  Order order_ = Order::FORWARD;
  uint64_t rng_ = 1;
  char *arena_ = nullptr, *shared_ = nullptr;
  size_t arena_bytes_ = 0, shared_bytes_ = 0;
};

// Files and lines as reports print them.
std::string text(Where where);
std::string text(const Thread& thread);
std::string hex(uint32_t mask);

extern const Runtime RUNTIME;

// The block a signal handler finds on this OS thread; null outside of kernels.
extern thread_local Block* running_block __attribute__((tls_model("initial-exec")));

}  // namespace mr_emulated

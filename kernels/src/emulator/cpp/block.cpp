#include "block.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "switch.h"

namespace mr_emulated {

thread_local Block* running_block __attribute__((tls_model("initial-exec"))) = nullptr;

namespace {
constexpr size_t PAGE = 4096;
constexpr size_t STACK = 128 << 10;  // with a guard page below
constexpr size_t SHARED_ALIGNMENT = 1024;
constexpr unsigned char CANARY = 0xa5;
constexpr uint64_t GOLDEN = 0x9e3779b97f4a7c15ull;
}  // namespace

const Settings& Settings::get() {
  static const Settings* it = [] {
    auto* s = new Settings;
    const char* order = getenv("MILLRACE_EMULATOR_ORDER");
    if (!order || !*order || !strcmp(order, "forward")) return s;
    if (!strcmp(order, "reverse")) {
      s->order = Order::REVERSE;
    } else if (!strncmp(order, "random", 6) && (order[6] == 0 || order[6] == ':')) {
      s->order = Order::RANDOM;
      if (order[6]) s->seed = strtoull(order + 7, nullptr, 10);
    } else {
      fprintf(stderr, "[emulator] MILLRACE_EMULATOR_ORDER=%s is not forward, reverse or random[:seed]\n", order);
      abort();
    }
    return s;
  }();
  return *it;
}

std::string text(Where where) {
  const char* slash = strrchr(where.file ? where.file : "?", '/');
  return std::string(slash ? slash + 1 : where.file ? where.file : "?") + ":" + std::to_string(where.line);
}
std::string text(const Thread& t) {
  auto dims = [](Dim3 d) {
    return "(" + std::to_string(d.x) + "," + std::to_string(d.y) + "," + std::to_string(d.z) + ")";
  };
  return "block " + dims(t.block) + " thread " + dims(t.thread);
}
std::string hex(uint32_t mask) {
  char buffer[12];
  snprintf(buffer, sizeof buffer, "%08x", mask);
  return buffer;
}

Block::Block() { lanes_.reserve(THREADS_MAX); }

Block& Block::current() { return *running_block; }

uint32_t Block::random() {
  rng_ ^= rng_ << 13;
  rng_ ^= rng_ >> 7;
  rng_ ^= rng_ << 17;
  return static_cast<uint32_t>(rng_ >> 16);
}

void Block::prepare(const Launch& launch, Dim3 index) {
  const Dim3 size = launch.size;
  threads_ = static_cast<int>(size.x * size.y * size.z);
  warp_count_ = (threads_ + WARP - 1) / WARP;
  live_ = threads_;
  launch_ = &launch;
  self_ = launch.self();
  order_ = Settings::get().order;
  fault = Fault{};
  // The schedule depends on the seed and the block only, not on which OS thread runs it.
  const uint64_t linear = index.x + launch.grid.x * (index.y + uint64_t{launch.grid.y} * index.z);
  rng_ = (Settings::get().seed * GOLDEN ^ (linear + 1) * 0xd1342543de82ef95ull) | 1;
  for (int i = 0; i < 4; i++) random();

  if (threads_ > stacks_count_) {
    if (stacks_) munmap(stacks_, STACK * stacks_count_);
    stacks_count_ = threads_;
    stacks_ = static_cast<char*>(mmap(nullptr, STACK * stacks_count_, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (stacks_ == MAP_FAILED) abort();
    for (int i = 0; i < stacks_count_; i++) mprotect(stacks_ + STACK * i, PAGE, PROT_NONE);
    lanes_.resize(stacks_count_);
  }
  // Shared memory ends as close as its alignment allows to a page nobody may touch.
  shared_bytes_ = launch.shared_bytes;
  const size_t body = (shared_bytes_ + SHARED_ALIGNMENT + PAGE - 1) / PAGE * PAGE;
  if (body > arena_bytes_) {
    if (arena_) munmap(arena_, arena_bytes_ + 2 * SHARED_GUARD);
    arena_bytes_ = body;
    arena_ = static_cast<char*>(
        mmap(nullptr, body + 2 * SHARED_GUARD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (arena_ == MAP_FAILED || mprotect(arena_ + SHARED_GUARD, body, PROT_READ | PROT_WRITE)) abort();
  }
  char* end = arena_ + SHARED_GUARD + arena_bytes_;
  shared_ = end - (shared_bytes_ + SHARED_ALIGNMENT - 1) / SHARED_ALIGNMENT * SHARED_ALIGNMENT;
  memset(shared_, 0xff, shared_bytes_);  // NaN in every format
  memset(shared_ + shared_bytes_, CANARY, end - shared_ - shared_bytes_);

  for (Barrier& barrier : barriers_) barrier = Barrier{};
  for (Group& group : groups_) group = Group{};
  loads_.clear();
  mbarriers_.clear();
  mbarrier_waiters_.clear();
  switches_ = 0;
  for (int w = 0; w < warp_count_; w++) {
    const int lanes = threads_ - w * WARP;
    Warp& warp = warps_[w];
    warp.all = lanes >= WARP ? ~0u : (1u << lanes) - 1;
    warp.alive = warp.ready = warp.all;
    warp.arrived = 0;
    warp.last = order_ == Order::REVERSE ? WARP : -1;
  }
  for (int i = 0; i < threads_; i++) {
    Lane& lane = lanes_[i];
    const unsigned u = static_cast<unsigned>(i);
    lane.thread = Thread{{u % size.x, u / size.x % size.y, u / (size.x * size.y)}, index, size, launch.grid,
                         u % WARP, u / WARP, shared_};
    lane.stack = stacks_ + STACK * i;
    lane.state = State::READY;
    lane.operation = nullptr;
    lane.copies.clear();
    lane.copy_group = 0;
    lane.stores.clear();
    lane.store_group = 0;
    // Staggered, so that the stacks' hot ends do not all fall into the same cache sets.
    lane.stack_pointer = prepare_stack(lane.stack + STACK - 64 - (i & 15) * 192, lane_main);
  }
  running_ = nullptr;
  last_warp_ = order_ == Order::REVERSE ? warp_count_ - 1 : 0;
}

bool Block::run(const Launch& launch, Dim3 index) {
  prepare(launch, index);
  running_block = this;
  next(&main_);
  running_block = nullptr;
  if (fault.code == CUDA_SUCCESS) check_end();
  return fault.code == CUDA_SUCCESS;
}

void Block::lane_main() {
  Block& block = *running_block;
  block.launch_->entry(block.launch_->arguments);
  block.leave();
}

int Block::pick(uint32_t mask, int last) {
  if (order_ == Order::RANDOM) {
    for (int skip = static_cast<int>(random() % __builtin_popcount(mask)); skip; skip--) mask &= mask - 1;
    return __builtin_ctz(mask);
  }
  if (order_ == Order::REVERSE) {
    const uint32_t below = last >= WARP ? mask : mask & ((1u << last) - 1);
    return 31 - __builtin_clz(below ? below : mask);
  }
  const uint32_t above = last < 0 ? mask : last >= WARP - 1 ? 0 : mask & ~((2u << last) - 1);
  return __builtin_ctz(above ? above : mask);
}

// Leaves the running fiber, whose state is recorded, for any ready one, or for the caller of run() at the end.
void Block::next(void** save) {
  for (;;) {
    if (!loads_.empty()) progress(false);
    const int first = order_ == Order::RANDOM && random() % 8 == 0 ? static_cast<int>(random() % warp_count_) : last_warp_;
    for (int k = 0; k < warp_count_; k++) {
      const int w = order_ == Order::REVERSE ? (first - k + warp_count_) % warp_count_ : (first + k) % warp_count_;
      Warp& warp = warps_[w];
      if (!warp.ready) continue;
      warp.last = pick(warp.ready, warp.last);
      last_warp_ = w;
      resume(save, lanes_[w * WARP + warp.last]);
      return;
    }
    if (live_ == 0) break;
    if (!loads_.empty() && progress(true)) continue;
    fault.code = CUDA_ERROR_LAUNCH_FAILED;
    fault.text = deadlock();
    break;
  }
  running_ = nullptr;
  *self_ = nullptr;
  mr_emulator_switch(save, main_);
}

void Block::resume(void** save, Lane& lane) {
  if (&lane == running_) return;
  running_ = &lane;
  *self_ = &lane.thread;
  switches_++;
  mr_emulator_switch(save, lane.stack_pointer);
}

void Block::sleep() {
  warps_[running_->thread.warp].ready &= ~(1u << running_->thread.lane);
  next(&running_->stack_pointer);
}

void Block::wake(Lane& lane) {
  lane.state = State::READY;
  warps_[lane.thread.warp].ready |= 1u << lane.thread.lane;
}

void Block::abandon() {
  running_ = nullptr;
  *self_ = nullptr;
  void* nobody;
  mr_emulator_switch(&nobody, main_);
  abort();
}

void Block::fail(CudaError code, const std::string& what, Where where) {
  fault.code = code;
  fault.text = what + " at " + text(where) + ", " + text(running_->thread);
  abandon();
}

// The offset of `p` in the block's shared memory, checked.
uint32_t Block::shared_offset(const void* p, size_t bytes, size_t alignment, const char* what, Where where) {
  const char* c = static_cast<const char*>(p);
  if (c < shared_ || c > shared_ + shared_bytes_ || bytes > static_cast<size_t>(shared_ + shared_bytes_ - c)) {
    fail(CUDA_ERROR_ILLEGAL_ADDRESS,
         std::string(what) + " of " + std::to_string(bytes) + " bytes at offset " + std::to_string(c - shared_) +
             " lies outside the block's " + std::to_string(shared_bytes_) + " bytes of shared memory",
         where);
  }
  const size_t offset = static_cast<size_t>(c - shared_);
  if (offset % alignment) {
    fail(CUDA_ERROR_MISALIGNED_ADDRESS,
         std::string(what) + " at shared offset " + std::to_string(offset) + " is not aligned to " +
             std::to_string(alignment) + " bytes",
         where);
  }
  return static_cast<uint32_t>(offset);
}

// A thread that has returned from the kernel.
void Block::leave() {
  Lane& lane = *running_;
  const uint32_t bit = 1u << lane.thread.lane;
  Warp& warp = warps_[lane.thread.warp];
  if (!lane.stores.empty()) {
    fail(CUDA_ERROR_LAUNCH_FAILED,
         "thread left the kernel while its TMA store still reads shared memory; wait with mr_bulk_wait_read",
         lane.stores.front().where);
  }
  if (!lane.copies.empty()) {
    fail(CUDA_ERROR_LAUNCH_FAILED, "thread left the kernel with cp.async copies in flight; wait for them",
         lane.copies.front().where);
  }
  lane.state = State::DONE;
  warp.ready &= ~bit;
  warp.alive &= ~bit;
  live_--;
  check_barrier(0);
  check_warp(warp, static_cast<int>(lane.thread.warp));  // operations that waited for this lane
  next(&lane.stack_pointer);
  abort();
}

void Block::check_end() {
  if (!loads_.empty()) {
    fault.code = CUDA_ERROR_LAUNCH_FAILED;
    fault.text = "the block ended with a TMA load in flight, started at " + text(loads_.front().where) + " by " +
                 text(lanes_[loads_.front().lane].thread);
    return;
  }
  for (Group& group : groups_) {
    for (const WgmmaJob& job : group.jobs) {
      fault.code = CUDA_ERROR_LAUNCH_FAILED;
      fault.text = "the block ended with a wgmma nobody waited for, started at " + text(job.where);
      return;
    }
  }
  const char* end = arena_ + SHARED_GUARD + arena_bytes_;
  for (const char* p = shared_ + shared_bytes_; p < end; p++) {
    if (static_cast<unsigned char>(*p) != CANARY) {
      fault.code = CUDA_ERROR_ILLEGAL_ADDRESS;
      fault.text = "shared memory overrun: the block wrote " + std::to_string(p - shared_ - shared_bytes_) +
                   " bytes past the end of its " + std::to_string(shared_bytes_) + " bytes";
      return;
    }
  }
}

}  // namespace mr_emulated

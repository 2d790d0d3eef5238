// Barriers, warp and warpgroup operations of a block, and the reports when they do not come together.
#include <string.h>

#include "block.h"

namespace mr_emulated {

namespace {
bool same_place(Where a, Where b) { return a.line == b.line && (a.file == b.file || !strcmp(a.file, b.file)); }
}  // namespace

// ---- Block barriers

void Block::barrier(int id, int threads, bool wait_for_it, Where where) {
  Lane& lane = *running_;
  if (id < 0 || id >= BARRIERS) fail(CUDA_ERROR_LAUNCH_FAILED, "there is no barrier " + std::to_string(id), where);
  if (threads % WARP || threads > (threads_ + WARP - 1) / WARP * WARP) {
    fail(CUDA_ERROR_LAUNCH_FAILED,
         "barrier over " + std::to_string(threads) + " threads in a block of " + std::to_string(threads_) +
             "; it takes a multiple of 32 up to the block's size",
         where);
  }
  Barrier& barrier = barriers_[id];
  const unsigned w = lane.thread.warp;
  const uint32_t bit = 1u << lane.thread.lane;
  if (barrier.arrived && barrier.expected != threads) {
    fail(CUDA_ERROR_LAUNCH_FAILED,
         "barrier " + std::to_string(id) + " is used over " + std::to_string(threads) + " threads here and over " +
             std::to_string(barrier.expected) + " by those already waiting",
         where);
  }
  if (barrier.lanes[w] & bit) {
    fail(CUDA_ERROR_LAUNCH_FAILED, "thread arrived twice in one phase of barrier " + std::to_string(id), where);
  }
  if (barrier.lanes[w] && !same_place(barrier.where[w], where)) {
    fail(CUDA_ERROR_LAUNCH_FAILED,
         "divergent barrier: lanes " + hex(barrier.lanes[w]) + " of warp " + std::to_string(w) +
             " arrived at barrier " + std::to_string(id) + " at " + text(barrier.where[w]) + ", lane " +
             std::to_string(lane.thread.lane) + " arrives",
         where);
  }
  barrier.where[w] = where;
  barrier.expected = threads;
  barrier.arrived++;
  barrier.lanes[w] |= bit;
  if (wait_for_it) {
    barrier.waiting[w] |= bit;
    lane.state = State::BARRIER;
    lane.barrier = id;
    lane.where = where;
    warps_[w].ready &= ~bit;
  }
  check_barrier(id);
  if (lane.state == State::BARRIER) sleep();
}

void Block::check_barrier(int id) {
  Barrier& barrier = barriers_[id];
  // Threads that have left count for the whole-block barrier, as on the hardware.
  if (barrier.arrived && barrier.arrived >= (barrier.expected ? barrier.expected : live_)) finish_barrier(id);
}

void Block::finish_barrier(int id) {
  Barrier& barrier = barriers_[id];
  for (int w = 0; w < warp_count_; w++) {
    if (barrier.lanes[w] && barrier.lanes[w] != warps_[w].all) {
      fail(CUDA_ERROR_LAUNCH_FAILED,
           "divergent barrier: lanes " + hex(barrier.lanes[w]) + " of warp " + std::to_string(w) +
               " arrived at barrier " + std::to_string(id) + ", lanes " + hex(warps_[w].all & ~barrier.lanes[w]) +
               " did not; all lanes of a warp must pass a barrier together",
           barrier.where[w]);
    }
  }
  for (int w = 0; w < warp_count_; w++) {
    for (uint32_t m = barrier.waiting[w]; m; m &= m - 1) wake(lanes_[w * WARP + __builtin_ctz(m)]);
  }
  barrier = Barrier{};
}

// ---- Warp operations

void Block::warp_operation(uint32_t mask, void* operands, const Operation* operation, Where where) {
  Lane& lane = *running_;
  const int w = static_cast<int>(lane.thread.warp);
  Warp& warp = warps_[w];
  const uint32_t bit = 1u << lane.thread.lane;
  // In a last warp of fewer than 32 threads the full mask means all of them.
  mask &= warp.all;
  if (!(mask & bit)) {
    fail(CUDA_ERROR_LAUNCH_FAILED,
         std::string(operation->name) + " with mask " + hex(mask) + " by lane " + std::to_string(lane.thread.lane) +
             ", which it does not name",
         where);
  }
  if (operation->aligned && warp.alive != ~0u) {
    fail(CUDA_ERROR_LAUNCH_FAILED,
         std::string(operation->name) + " needs all 32 lanes; of warp " + std::to_string(w) + " only " +
             hex(warp.alive) + " are alive",
         where);
  }
  lane.operation = operation;
  lane.operands = operands;
  lane.mask = mask;
  lane.where = where;
  lane.state = State::WARP;
  warp.arrived |= bit;
  warp.ready &= ~bit;
  check_warp(warp, w);
  if (lane.state == State::WARP) sleep();
}

// Runs the operations all of whose living lanes have arrived. Lanes that name the same lanes belong together.
void Block::check_warp(Warp& warp, int index) {
  Lane* const first = &lanes_[index * WARP];
  for (uint32_t open = warp.arrived; open;) {
    Lane& lane = first[__builtin_ctz(open)];
    const uint32_t mask = lane.mask, need = mask & warp.alive;
    Lane* lanes[WARP] = {};
    uint32_t together = 0;
    for (uint32_t m = warp.arrived; m; m &= m - 1) {
      const int l = __builtin_ctz(m);
      if (first[l].mask != mask) continue;
      together |= 1u << l;
      lanes[l] = &first[l];
    }
    open &= ~together;
    if (together != need) continue;
    for (uint32_t m = need; m; m &= m - 1) {
      const Lane& other = *lanes[__builtin_ctz(m)];
      const bool apart = lane.operation->aligned && !same_place(other.where, lane.where);
      if (other.operation != lane.operation || apart) fail_mixed(lane, other);
    }
    warp.arrived &= ~need;
    lane.operation->run(*this, lanes, need);
    for (uint32_t m = need; m; m &= m - 1) wake(first[__builtin_ctz(m)]);
  }
  if (!warp.arrived || warp.arrived != warp.alive) return;
  // Everybody is here and nobody can go on.
  Lane& lane = first[__builtin_ctz(warp.arrived)];
  for (uint32_t m = warp.arrived; m; m &= m - 1) {
    const Lane& other = first[__builtin_ctz(m)];
    if (other.mask != lane.mask) fail_mixed(lane, other);
  }
}

void Block::fail_mixed(const Lane& a, const Lane& b) {
  fail(CUDA_ERROR_LAUNCH_FAILED,
       "mixed warp operations: lane " + std::to_string(a.thread.lane) + " of warp " + std::to_string(a.thread.warp) +
           " is in " + a.operation->name + " with mask " + hex(a.mask) + " at " + text(a.where) + ", lane " +
           std::to_string(b.thread.lane) + " in " + b.operation->name + " with mask " + hex(b.mask),
       b.where);
}

// ---- Warpgroup operations

void Block::group_operation(void* operands, const Operation* operation, Where where) {
  Lane& lane = *running_;
  const int g = static_cast<int>(lane.thread.warp) / 4;
  Group& group = groups_[g];
  if ((g + 1) * GROUP > threads_) {
    fail(CUDA_ERROR_LAUNCH_FAILED,
         std::string(operation->name) + " in a warpgroup of fewer than 128 threads (block of " +
             std::to_string(threads_) + ")",
         where);
  }
  lane.operation = operation;
  lane.operands = operands;
  lane.mask = ~0u;
  lane.where = where;
  lane.state = State::GROUP;
  warps_[lane.thread.warp].ready &= ~(1u << lane.thread.lane);
  if (++group.arrived < GROUP) {
    sleep();
    return;
  }
  group.arrived = 0;
  Lane* lanes[GROUP];
  for (int i = 0; i < GROUP; i++) {
    lanes[i] = &lanes_[g * GROUP + i];
    if (lanes[i]->operation != operation || !same_place(lanes[i]->where, where)) {
      fail(CUDA_ERROR_LAUNCH_FAILED,
           "mixed warpgroup operations: " + text(lanes[i]->thread) + " is in " + lanes[i]->operation->name + " at " +
               text(lanes[i]->where) + ", another one in " + operation->name,
           where);
    }
  }
  operation->run(*this, lanes, ~0u);
  for (Lane* each : lanes) wake(*each);
}

// ---- Reports

std::string Block::describe(const Lane& lane) {
  switch (lane.state) {
    case State::BARRIER:
      return "at barrier " + std::to_string(lane.barrier) + " (" + text(lane.where) + ")";
    case State::WARP:
      return std::string("in ") + lane.operation->name + " of lanes " + hex(lane.mask) + " (" + text(lane.where) + ")";
    case State::GROUP:
      return std::string("in ") + lane.operation->name + " of a warpgroup (" + text(lane.where) + ")";
    case State::MBARRIER: {
      int32_t bytes;
      uint16_t pending;
      memcpy(&bytes, shared_ + lane.mbarrier, 4);
      memcpy(&pending, shared_ + lane.mbarrier + 4, 2);
      return "for the mbarrier at shared offset " + std::to_string(lane.mbarrier) + ", which lacks " +
             std::to_string(pending) + " arrivals and " + std::to_string(bytes) + " bytes (" + text(lane.where) + ")";
    }
    default: return "nowhere";
  }
}

std::string Block::deadlock() {
  std::string report = "deadlock: no thread can run, " + std::to_string(live_) + " of " + std::to_string(threads_) +
                       " wait for each other, " + std::to_string(threads_ - live_) + " have left, block (" +
                       std::to_string(lanes_[0].thread.block.x) + "," + std::to_string(lanes_[0].thread.block.y) +
                       "," + std::to_string(lanes_[0].thread.block.z) + ")";
  constexpr size_t LIMIT = 3000;
  for (int w = 0; w < warp_count_; w++) {
    uint32_t open = warps_[w].alive;
    while (open) {
      const std::string what = describe(lanes_[w * WARP + __builtin_ctz(open)]);
      uint32_t same = 0;
      for (uint32_t m = open; m; m &= m - 1) {
        const int l = __builtin_ctz(m);
        if (describe(lanes_[w * WARP + l]) == what) same |= 1u << l;
      }
      open &= ~same;
      report += "; warp " + std::to_string(w) + " lanes " + hex(same) + " wait " + what;
      if (report.size() > LIMIT) return report + "; ...";
    }
  }
  return report;
}

}  // namespace mr_emulated

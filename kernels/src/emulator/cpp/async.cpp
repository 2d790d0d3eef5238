// Background copies: cp.async, mbarriers, TMA. A copy poisons its destination when it is issued and delivers late,
// so that a missing wait or a stage reused too early shows as NaN.
#include <string.h>

#include "block.h"
#include "warp.h"

namespace mr_emulated {
namespace {

// An mbarrier's 8 bytes on this side.
struct Cell {
  int32_t bytes;     // expected and not yet delivered
  uint16_t pending;  // arrivals the phase still lacks
  uint16_t state;    // bit 15: parity of the running phase, below: arrivals of a phase
};
constexpr uint16_t PARITY = 0x8000;
constexpr uint32_t POISON = 0xff;

Cell& cell(Block& block, uint32_t offset) { return *reinterpret_cast<Cell*>(block.shared() + offset); }

uint32_t known(Block& block, const uint64_t* bar, const char* what, Where where) {
  const uint32_t offset = block.shared_offset(bar, 8, 8, what, where);
  for (uint32_t each : block.mbarriers()) {
    if (each == offset) return offset;
  }
  block.fail(CUDA_ERROR_LAUNCH_FAILED,
             std::string(what) + " at shared offset " + std::to_string(offset) + " was never initialised", where);
}

uint32_t box_bytes(const TensorMap& map) {
  uint32_t bytes = map.element;
  for (int i = 0; i < map.rank; i++) bytes *= map.box[i];
  return bytes;
}

const TensorMap& checked(Block& block, const void* map, int rank, Where where) {
  const auto* it = static_cast<const TensorMap*>(map);
  if (it->magic != TensorMap::MAGIC) {
    block.fail(CUDA_ERROR_LAUNCH_FAILED, "not a tensor map: encode it with cuTensorMapEncodeTiled", where);
  }
  if (rank && it->rank != rank) {
    block.fail(CUDA_ERROR_LAUNCH_FAILED,
               "tensor map of rank " + std::to_string(it->rank) + " used with " + std::to_string(rank) + " coordinates",
               where);
  }
  return *it;
}

uint32_t tile_offset(Block& block, const void* shared, const TensorMap& map, Where where) {
  const uint32_t alignment = map.swizzle == 3 ? 1024 : map.swizzle == 2 ? 512 : map.swizzle == 1 ? 256 : 128;
  // The pattern repeats after 8 rows; a tile that does not start there is legal only for those who know its phase.
  return block.shared_offset(shared, box_bytes(map), alignment, "TMA tile", where);
}

// Calls visit(global address or null if outside, offset in the box) for every element of the box.
template <class Visit>
void each_element(const TensorMap& map, const int* at, Visit visit) {
  uint32_t index[5] = {};
  const uint32_t count = box_bytes(map) / map.element;
  for (uint32_t e = 0; e < count; e++) {
    bool inside = true;
    uint64_t address = map.base;
    for (int i = 0; i < map.rank; i++) {
      const int64_t x = static_cast<int64_t>(at[i]) + index[i];
      inside = inside && x >= 0 && static_cast<uint64_t>(x) < map.dims[i];
      address += static_cast<uint64_t>(x) * (i ? map.strides[i - 1] : map.element);
    }
    visit(inside ? reinterpret_cast<char*>(address) : nullptr, e * map.element);
    for (int i = 0; i < map.rank && ++index[i] == map.box[i]; i++) index[i] = 0;
  }
}

}  // namespace

// ---- cp.async

void cp_async(void* shared, const void* global, bool predicate, Where where) {
  Block& block = Block::current();
  const uint32_t offset = block.shared_offset(shared, 16, 16, "cp.async destination", where);
  if (predicate && reinterpret_cast<uintptr_t>(global) % 16) {
    block.fail(CUDA_ERROR_MISALIGNED_ADDRESS, "cp.async source is not aligned to 16 bytes", where);
  }
  Lane& lane = block.running();
  char* target = block.shared() + offset;
  memset(target, POISON, 16);
  lane.copies.push_back({target, static_cast<const char*>(global), predicate, lane.copy_group, where});
}

void cp_async_commit() { Block::current().running().copy_group++; }

void cp_async_wait(int in_flight) {
  Block& block = Block::current();
  Lane& lane = block.running();
  const int limit = lane.copy_group - in_flight;
  size_t kept = 0;
  for (AsyncCopy& copy : lane.copies) {
    if (copy.group < limit) {
      if (copy.predicate) {
        memcpy(copy.shared, copy.global, 16);
      } else {
        memset(copy.shared, 0, 16);
      }
    } else {
      lane.copies[kept++] = copy;
    }
  }
  lane.copies.resize(kept);
}

// ---- mbarrier

void mbarrier_init(uint64_t* bar, int arrivals, Where where) {
  Block& block = Block::current();
  const uint32_t offset = block.shared_offset(bar, 8, 8, "mbarrier", where);
  if (arrivals < 1 || arrivals > 0x7fff) {
    block.fail(CUDA_ERROR_LAUNCH_FAILED, "mbarrier of " + std::to_string(arrivals) + " arrivals", where);
  }
  cell(block, offset) = {0, static_cast<uint16_t>(arrivals), static_cast<uint16_t>(arrivals)};
  auto& all = block.mbarriers();
  for (uint32_t each : all) {
    if (each == offset) return;
  }
  all.push_back(offset);
}

void Block::phase_update(uint32_t mbarrier) {
  Cell& it = cell(*this, mbarrier);
  if (it.pending || it.bytes) return;
  it.state ^= PARITY;
  it.pending = it.state & ~PARITY;
  size_t kept = 0;
  for (int waiter : mbarrier_waiters_) {
    if (lanes_[waiter].mbarrier == mbarrier) {
      wake(lanes_[waiter]);
    } else {
      mbarrier_waiters_[kept++] = waiter;
    }
  }
  mbarrier_waiters_.resize(kept);
}

void mbarrier_arrive(uint64_t* bar, int expected_bytes, Where where) {
  Block& block = Block::current();
  const uint32_t offset = known(block, bar, "mbarrier", where);
  Cell& it = cell(block, offset);
  if (!it.pending) {
    block.fail(CUDA_ERROR_LAUNCH_FAILED,
               "one arrival too many at the mbarrier at shared offset " + std::to_string(offset) + " of " +
                   std::to_string(it.state & ~PARITY) + " arrivals",
               where);
  }
  it.bytes += expected_bytes;
  it.pending--;
  block.phase_update(offset);
}

void mbarrier_wait(uint64_t* bar, int parity, Where where) {
  Block& block = Block::current();
  const uint32_t offset = known(block, bar, "mbarrier", where);
  Lane& lane = block.running();
  while ((cell(block, offset).state >> 15) == (parity & 1)) {
    lane.state = State::MBARRIER;
    lane.mbarrier = offset;
    lane.where = where;
    block.mbarrier_waiters().push_back(static_cast<int>(lane.thread.warp * WARP + lane.thread.lane));
    block.sleep();
  }
}

// ---- TMA loads

void check_tensor_map(const void* map, Where where) { checked(Block::current(), map, 0, where); }

void Block::start(BulkLoad load) {
  memset(shared_ + load.shared, POISON, load.bytes);
  load.lane = static_cast<int>(running_ - lanes_.data());
  // Forward: soon and in order. Reverse: as late as possible, last one first. Random: anything.
  load.ready = switches_ + (order_ == Order::FORWARD ? 4 : order_ == Order::REVERSE ? ~0u : random() % 256);
  loads_.push_back(load);
}

bool Block::progress(bool idle) {
  for (size_t i = 0; i < loads_.size(); i++) {
    if (loads_[i].ready <= switches_) {
      complete(i);
      return true;
    }
  }
  if (!idle) return false;
  complete(order_ == Order::FORWARD ? 0 : order_ == Order::REVERSE ? loads_.size() - 1 : random() % loads_.size());
  return true;
}

void Block::complete(size_t index) {
  const BulkLoad load = loads_[index];
  loads_.erase(loads_.begin() + static_cast<ptrdiff_t>(index));
  char* const tile = shared_ + load.shared;
  if (!load.map.rank) {
    memcpy(tile, load.source, load.bytes);
  } else {
    const uint32_t element = load.map.element;
    const uint32_t base = SHARED_BASE + load.shared;
    each_element(load.map, load.at, [&](const char* global, uint32_t offset) {
      char* to = shared_ + (swizzled(base + offset, load.map.swizzle) - SHARED_BASE);
      if (global) {
        memcpy(to, global, element);
      } else {
        memset(to, load.map.nan_fill ? 0xff : 0, element);
      }
    });
  }
  cell(*this, load.mbarrier).bytes -= static_cast<int32_t>(load.bytes);
  phase_update(load.mbarrier);
}

void tensor_load(void* shared, const void* map, uint64_t* bar, int rank, const int* at, Where where) {
  Block& block = Block::current();
  BulkLoad load{};
  load.map = checked(block, map, rank, where);
  for (int i = 0; i < rank; i++) load.at[i] = at[i];
  load.bytes = box_bytes(load.map);
  load.shared = tile_offset(block, shared, load.map, where);
  load.mbarrier = known(block, bar, "mbarrier of a TMA load", where);
  load.where = where;
  block.start(load);
}

void bulk_load(void* shared, const void* global, int bytes, uint64_t* bar, Where where) {
  Block& block = Block::current();
  if (bytes <= 0 || bytes % 16 || reinterpret_cast<uintptr_t>(global) % 16) {
    block.fail(CUDA_ERROR_MISALIGNED_ADDRESS, "bulk copies take multiples of 16 bytes at multiples of 16", where);
  }
  BulkLoad load{};
  load.source = static_cast<const char*>(global);
  load.bytes = static_cast<uint32_t>(bytes);
  load.shared = block.shared_offset(shared, load.bytes, 16, "bulk copy destination", where);
  load.mbarrier = known(block, bar, "mbarrier of a bulk copy", where);
  load.where = where;
  block.start(load);
}

// ---- TMA stores: read shared memory as late as allowed

void tensor_store(const void* map, const void* shared, int rank, const int* at, Where where) {
  Block& block = Block::current();
  BulkStore store{};
  store.map = checked(block, map, rank, where);
  for (int i = 0; i < rank; i++) store.at[i] = at[i];
  store.shared = tile_offset(block, shared, store.map, where);
  store.group = block.running().store_group;
  store.where = where;
  block.running().stores.push_back(store);
}

void bulk_commit() { Block::current().running().store_group++; }

void bulk_wait(int in_flight, bool) {
  Block& block = Block::current();
  Lane& lane = block.running();
  const int limit = lane.store_group - in_flight;
  size_t kept = 0;
  for (size_t i = 0; i < lane.stores.size(); i++) {
    const BulkStore store = lane.stores[i];
    if (store.group >= limit) {
      lane.stores[kept++] = store;
      continue;
    }
    const uint32_t base = SHARED_BASE + store.shared;
    each_element(store.map, store.at, [&](char* global, uint32_t offset) {
      if (global) {
        memcpy(global, block.shared() + (swizzled(base + offset, store.map.swizzle) - SHARED_BASE), store.map.element);
      }
    });
  }
  lane.stores.resize(kept);
}

}  // namespace mr_emulated

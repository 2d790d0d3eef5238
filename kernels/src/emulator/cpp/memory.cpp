#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <deque>
#include <map>
#include <mutex>

namespace {

constexpr size_t PAGE = 4096;
constexpr size_t ALIGNMENT = 256;  // as cuMemAlloc promises
constexpr unsigned char CANARY = 0xa5;
constexpr size_t EAGER_BYTES = size_t{16} << 20;
constexpr size_t FREED_MAX = 4096;
// Address space around each allocation that nothing else gets: what is off by less is attributed rightly.
constexpr size_t GUARD = size_t{1} << 20;

struct Region {
  size_t bytes;
  Place place;
  bool registered;  // foreign memory, only known here
  char* mapping;
  size_t mapped;
};

struct State {
  std::mutex mutex;
  std::map<uint64_t, Region> regions;
  std::deque<std::pair<uint64_t, Region>> freed;
  size_t used = 0;
};
State& state() {
  static State* it = new State;  // leaked, see errors.cpp
  return *it;
}

// A file full of 0xff, mapped again and again under large allocations: poison without touching memory.
int poison_file() {
  static const int file = [] {
    const int fd = memfd_create("millrace-poison", MFD_CLOEXEC);
    void* page = malloc(EAGER_BYTES);
    memset(page, 0xff, EAGER_BYTES);
    if (fd < 0 || write(fd, page, EAGER_BYTES) != static_cast<ssize_t>(EAGER_BYTES)) abort();
    free(page);
    return fd;
  }();
  return file;
}

void poison(char* at, size_t bytes) {
  if (bytes <= EAGER_BYTES) {
    memset(at, 0xff, bytes);
    return;
  }
  char* const first = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(at) + PAGE - 1) / PAGE * PAGE);
  char* const end = at + bytes;
  memset(at, 0xff, static_cast<size_t>(first - at));
  char* p = first;
  for (; p + PAGE <= end;) {
    size_t chunk = static_cast<size_t>(end - p) / PAGE * PAGE;
    if (chunk > EAGER_BYTES) chunk = EAGER_BYTES;
    if (mmap(p, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, poison_file(), 0) == MAP_FAILED) abort();
    p += chunk;
  }
  memset(p, 0xff, static_cast<size_t>(end - p));
}

uint64_t allocate(size_t bytes, Place place) {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  if (place == Place::DEVICE && bytes > memory_total() - s.used) return 0;
  const size_t body = (bytes + ALIGNMENT + PAGE - 1) / PAGE * PAGE, mapped = body + 2 * GUARD;
  void* m = mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (m == MAP_FAILED) return 0;
  char* const mapping = static_cast<char*>(m);
  char* const end = mapping + GUARD + body;
  if (mprotect(mapping + GUARD, body, PROT_READ | PROT_WRITE)) {
    munmap(mapping, mapped);
    return 0;
  }
  char* const at = reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(end - bytes) & ~(ALIGNMENT - 1));
  poison(at, bytes);
  memset(mapping + GUARD, CANARY, static_cast<size_t>(at - mapping) - GUARD);
  memset(at + bytes, CANARY, static_cast<size_t>(end - at) - bytes);
  const uint64_t address = reinterpret_cast<uint64_t>(at);
  s.regions[address] = Region{bytes, place, false, mapping, mapped};
  if (place == Place::DEVICE) s.used += bytes;
  return address;
}

// The region at or before the address; regions.end() if none.
std::map<uint64_t, Region>::iterator at_or_before(State& s, uint64_t address) {
  auto it = s.regions.upper_bound(address);
  return it == s.regions.begin() ? s.regions.end() : std::prev(it);
}

// The address range stays taken, without memory behind it: a late use faults and can be named.
void release(State& s, uint64_t address, const Region& region) {
  if (region.place == Place::DEVICE) s.used -= region.bytes;
  mmap(region.mapping, region.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  s.freed.emplace_back(address, region);
  if (s.freed.size() > FREED_MAX) {
    munmap(s.freed.front().second.mapping, s.freed.front().second.mapped);
    s.freed.pop_front();
  }
}

std::string name(const Region& region) {
  return (region.place == Place::DEVICE ? "a device allocation of " : "a pinned host buffer of ") +
         std::to_string(region.bytes) + " bytes";
}

}  // namespace

size_t memory_total() {
  static const size_t bytes = [] {
    const char* megabytes = getenv("MILLRACE_EMULATOR_MEMORY_MB");
    return (megabytes ? strtoull(megabytes, nullptr, 10) : 4096ull) << 20;
  }();
  return bytes;
}

size_t memory_free() {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  return memory_total() - s.used;
}

uint64_t allocate_device(size_t bytes) { return allocate(bytes, Place::DEVICE); }
void* allocate_pinned(size_t bytes) { return reinterpret_cast<void*>(allocate(bytes, Place::PINNED)); }

bool register_pinned(void* address, size_t bytes) {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  return s.regions.emplace(reinterpret_cast<uint64_t>(address), Region{bytes, Place::PINNED, true, nullptr, 0}).second;
}

bool unregister_pinned(void* address) {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  auto it = s.regions.find(reinterpret_cast<uint64_t>(address));
  if (it == s.regions.end() || !it->second.registered) return false;
  s.regions.erase(it);
  return true;
}

bool free_memory(uint64_t address, Place place) {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  auto it = s.regions.find(address);
  if (it == s.regions.end() || it->second.place != place || it->second.registered) return false;
  release(s, address, it->second);
  s.regions.erase(it);
  return true;
}

void free_all_memory() {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  for (const auto& [address, region] : s.regions) {
    if (!region.registered) release(s, address, region);
  }
  s.regions.clear();
}

bool find_span(uint64_t address, Span* out) {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  auto it = at_or_before(s, address);
  if (it == s.regions.end() || address >= it->first + it->second.bytes) return false;
  *out = Span{it->first, it->second.bytes, it->second.place};
  return true;
}

std::string check_span(uint64_t address, size_t bytes, Place place) {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  auto it = at_or_before(s, address);
  if (it == s.regions.end() || address >= it->first + it->second.bytes || it->second.place != place) {
    return place == Place::DEVICE ? "the address is in no device allocation" : "the address is in no pinned host buffer";
  }
  const size_t offset = address - it->first;
  if (bytes <= it->second.bytes - offset) return "";
  return std::to_string(bytes) + " bytes at offset " + std::to_string(offset) + " do not fit in " + name(it->second);
}

std::string explain_address(uint64_t address) {
  State& s = state();
  // A signal handler asks: never wait for a lock that the faulting thread may hold.
  std::unique_lock<std::mutex> lock(s.mutex, std::try_to_lock);
  if (!lock.owns_lock()) return "";
  const auto explain = [&](uint64_t start, const Region& region, const char* state) -> std::string {
    const uint64_t from = reinterpret_cast<uint64_t>(region.mapping);
    if (region.registered || address < from || address >= from + region.mapped) return "";
    if (address < start) return std::to_string(start - address) + " bytes before " + name(region) + state;
    if (address < start + region.bytes) return "inside " + name(region) + state;
    return std::to_string(address - start - region.bytes) + " bytes past the end of " + name(region) + state;
  };
  std::string found;
  for (const auto& [start, region] : s.regions) {
    if (!(found = explain(start, region, "")).empty()) return found;
  }
  for (const auto& [start, region] : s.freed) {
    if (!(found = explain(start, region, " that was freed")).empty()) return found;
  }
  return "in no allocation";
}

std::string check_canaries() {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  for (const auto& [address, region] : s.regions) {
    if (region.registered) continue;
    const auto intact = [](const char* from, const char* to) {
      while (from < to && static_cast<unsigned char>(*from) == CANARY) from++;
      return from;
    };
    const char* const start = reinterpret_cast<const char*>(address);
    const char* const end = region.mapping + region.mapped - GUARD;
    const char* const bad = intact(start + region.bytes, end);
    if (bad != end) return std::to_string(bad - start - region.bytes) + " bytes past the end of " + name(region);
    if (intact(region.mapping + GUARD, start) != start) return "just before " + name(region);
  }
  return "";
}

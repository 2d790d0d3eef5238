// What a kernel library built for the emulator and the stand-in driver know of each other. The driver hands one
// table of functions to the library when it loads it: there is no link dependency in either direction.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace mr_emulated {

// Changes with every change of this file; the driver refuses a library built against another one.
constexpr uint32_t ABI_VERSION = 3;

struct Dim3 {
  unsigned x, y, z;
};

// Where in the kernel's source an operation stands: reports name it.
struct Where {
  const char* file;
  int line;
};

// The part of a thread's state that kernels read without a call.
struct Thread {
  Dim3 thread, block, block_size, grid_size;
  unsigned lane, warp;
  char* shared;  // the block's dynamic shared memory
};

enum MmaKind { MMA_BF16_16816, MMA_E4M3_16832, MMA_F16_16816 };
enum WgmmaKind { WGMMA_BF16, WGMMA_E4M3 };

struct Wgmma {
  WgmmaKind kind;
  int columns;              // N
  float* accumulators;      // N / 2 of this thread
  const uint32_t* a_words;  // 4 words of this thread, or null: a_descriptor is meant
  uint64_t a_descriptor, b_descriptor;
  int accumulate;
};

struct Runtime {
  uint32_t version;
  // Block and warp.
  void (*barrier)(int id, int threads, bool wait, Where);  // threads 0: the whole block
  void (*sync_warp)(uint32_t mask, Where);
  uint64_t (*shuffle)(uint32_t mask, uint64_t value, int source_lane, Where);
  uint32_t (*ballot)(uint32_t mask, bool predicate, Where);
  uint32_t (*match_any)(uint32_t mask, uint64_t value, Where);
  // Matrix instructions of a warp.
  void (*ldmatrix)(uint32_t* words, const void* row, int count, bool transposed, Where);
  void (*stmatrix)(const uint32_t* words, void* row, int count, Where);
  void (*mma)(MmaKind, float* d, const uint32_t* a, const uint32_t* b, Where);
  // Background copies of a thread.
  void (*cp_async)(void* shared, const void* global, bool predicate, Where);
  void (*cp_async_commit)();
  void (*cp_async_wait)(int in_flight);
  // mbarrier and bulk copies.
  void (*mbarrier_init)(uint64_t*, int arrivals, Where);
  void (*mbarrier_arrive)(uint64_t*, int expected_bytes, Where);
  void (*mbarrier_wait)(uint64_t*, int parity, Where);
  void (*tensor_load)(void* shared, const void* map, uint64_t* barrier, int rank, const int* at, Where);
  void (*tensor_store)(const void* map, const void* shared, int rank, const int* at, Where);
  void (*bulk_load)(void* shared, const void* global, int bytes, uint64_t* barrier, Where);
  void (*bulk_commit)();
  void (*bulk_wait)(int in_flight, bool read_only);
  void (*check_tensor_map)(const void* map, Where);
  // Warpgroup.
  void (*wgmma)(const Wgmma*, Where);
  void (*wgmma_fence)(Where);
  void (*wgmma_commit)(Where);
  void (*wgmma_wait)(int in_flight, Where);
  void (*set_max_registers)(int count, bool increase, Where);
  // Others.
  uint32_t (*shared_address)(const void*, Where);
  // Ends the block with a text; misaligned addresses have an error code of their own.
  void (*fail)(const char* what, bool misaligned, Where);
};

}  // namespace mr_emulated

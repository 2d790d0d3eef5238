// Entries of the runtime table; contracts in src/main/cuda/millrace/hardware.
#pragma once
#include "millrace/emulated/abi.h"

namespace mr_emulated {

float e4m3_value(uint32_t bits);

void sync_warp(uint32_t mask, Where);
uint64_t shuffle(uint32_t mask, uint64_t value, int source, Where);
uint32_t ballot(uint32_t mask, bool predicate, Where);
uint32_t match_any(uint32_t mask, uint64_t value, Where);
void ldmatrix(uint32_t* words, const void* row, int count, bool transposed, Where);
void stmatrix(const uint32_t* words, void* row, int count, Where);
void mma(MmaKind kind, float* d, const uint32_t* a, const uint32_t* b, Where);

void cp_async(void* shared, const void* global, bool predicate, Where);
void cp_async_commit();
void cp_async_wait(int in_flight);
void mbarrier_init(uint64_t*, int arrivals, Where);
void mbarrier_arrive(uint64_t*, int expected_bytes, Where);
void mbarrier_wait(uint64_t*, int parity, Where);
void tensor_load(void* shared, const void* map, uint64_t* barrier, int rank, const int* at, Where);
void tensor_store(const void* map, const void* shared, int rank, const int* at, Where);
void bulk_load(void* shared, const void* global, int bytes, uint64_t* barrier, Where);
void bulk_commit();
void bulk_wait(int in_flight, bool read_only);
void check_tensor_map(const void* map, Where);

void wgmma(const Wgmma*, Where);
void wgmma_fence(Where);
void wgmma_commit(Where);
void wgmma_wait(int in_flight, Where);
void set_max_registers(int count, bool increase, Where);

}  // namespace mr_emulated

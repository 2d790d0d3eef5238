// Emulated bodies: kernel declaration, threads, warp operations, conversions, maths. Included by device.cuh only.
#pragma once
#include <math.h>
#include <string.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "millrace/emulated/abi.h"

#ifndef MR_EMULATED_ARCH
#define MR_EMULATED_ARCH 900
#endif

namespace mr_emulated {

inline const Runtime* runtime = nullptr;
// 8 bytes only: a library opened at run time gets little room for thread-local data of this model.
inline thread_local Thread* self __attribute__((tls_model("initial-exec"))) = nullptr;

template <class... A, size_t... I>
inline void call(void (*kernel)(A...), void** arguments, std::index_sequence<I...>) {
  kernel(*reinterpret_cast<std::remove_reference_t<A>*>(arguments[I])...);
}
template <class... A>
inline void call(void (*kernel)(A...), void** arguments) {
  call(kernel, arguments, std::index_sequence_for<A...>{});
}
// One word per parameter: size | alignment << 16 | pointer << 31. Returns their number.
template <class... A>
inline int describe(void (*)(A...), uint32_t* out) {
  static_assert(((std::is_pointer_v<A> || std::is_arithmetic_v<A> || sizeof(A) == 128) && ...),
                "kernel parameters are pointers, numbers and tensor maps");
  const uint32_t words[] = {0, static_cast<uint32_t>(sizeof(A) | alignof(A) << 16 |
                                                     static_cast<uint32_t>(std::is_pointer_v<A>) << 31)...};
  if (out) memcpy(out, words + 1, sizeof words - sizeof words[0]);
  return sizeof...(A);
}

}  // namespace mr_emulated

extern "C" {
__attribute__((visibility("default"), weak)) uint32_t mr_emulated_attach(const mr_emulated::Runtime* table) {
  if (table->version == mr_emulated::ABI_VERSION) mr_emulated::runtime = table;
  return mr_emulated::ABI_VERSION;
}
__attribute__((visibility("default"), weak)) mr_emulated::Thread** mr_emulated_self() { return &mr_emulated::self; }
}

#define threadIdx (mr_emulated::self->thread)
#define blockIdx (mr_emulated::self->block)
#define blockDim (mr_emulated::self->block_size)
#define gridDim (mr_emulated::self->grid_size)
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __grid_constant__
#define __restrict__ __restrict
#define __align__(n) alignas(n)

#define MR_KERNEL extern "C" __attribute__((visibility("default"))) void
#define MR_DEVICE static inline __attribute__((unused))
#define MR_EXPORT(kernel)                                                                             \
  extern "C" __attribute__((visibility("default"))) void kernel##__mr_call(void** arguments) {        \
    mr_emulated::call(kernel, arguments);                                                             \
  }                                                                                                   \
  extern "C" __attribute__((visibility("default"))) int kernel##__mr_describe(uint32_t* parameters) { \
    return mr_emulated::describe(kernel, parameters);                                                 \
  }
#define MR_SHARED(Type, name) Type& name = *reinterpret_cast<Type*>(mr_emulated::self->shared)

// The caller's position: default arguments are expanded at the call.
#define MR_AT_ const char *mr_file_ = __builtin_FILE(), int mr_line_ = __builtin_LINE()
#define MR_WHERE_ \
  mr_emulated::Where { mr_file_, mr_line_ }

#define MR_CHECK(condition)                                                        \
  do {                                                                             \
    if (!(condition)) {                                                            \
      mr_emulated::runtime->fail("check failed: " #condition, false,               \
                                 mr_emulated::Where{__FILE__, __LINE__});          \
    }                                                                              \
  } while (0)

struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) int4 {
  int x, y, z, w;
};
struct alignas(8) int2 {
  int x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
MR_DEVICE float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
MR_DEVICE float2 make_float2(float x, float y) { return {x, y}; }
MR_DEVICE int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
MR_DEVICE int2 make_int2(int x, int y) { return {x, y}; }
MR_DEVICE uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
MR_DEVICE uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }

using std::max;
using std::min;

// ---- Block and warp

MR_DEVICE void __syncthreads(MR_AT_) { mr_emulated::runtime->barrier(0, 0, true, MR_WHERE_); }
MR_DEVICE void __syncwarp(unsigned mask = 0xffffffffu, MR_AT_) { mr_emulated::runtime->sync_warp(mask, MR_WHERE_); }

template <class T>
MR_DEVICE T mr_shuffle_(unsigned mask, T value, int source, mr_emulated::Where where) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles move 4 or 8 bytes");
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof value);
  bits = mr_emulated::runtime->shuffle(mask, bits, source, where);
  memcpy(&value, &bits, sizeof value);
  return value;
}
// `width` splits the warp into segments, as in CUDA; a source outside the own segment gives the own value.
MR_DEVICE int mr_within_(int source, int width) {
  const int lane = static_cast<int>(mr_emulated::self->lane), first = lane & ~(width - 1);
  return source >= first && source < first + width ? source : lane;
}
template <class T>
MR_DEVICE T __shfl_sync(unsigned mask, T value, int source, int width = 32, MR_AT_) {
  const int lane = static_cast<int>(mr_emulated::self->lane);
  return mr_shuffle_(mask, value, (lane & ~(width - 1)) | (source & (width - 1)), MR_WHERE_);
}
template <class T>
MR_DEVICE T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, MR_AT_) {
  // As the hardware: the partner may lie in a lower segment, not in a higher one.
  const int lane = static_cast<int>(mr_emulated::self->lane), source = lane ^ bits;
  return mr_shuffle_(mask, value, source <= (lane | (width - 1)) ? source : lane, MR_WHERE_);
}
template <class T>
MR_DEVICE T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, MR_AT_) {
  return mr_shuffle_(mask, value, mr_within_(static_cast<int>(mr_emulated::self->lane - delta), width), MR_WHERE_);
}
template <class T>
MR_DEVICE T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, MR_AT_) {
  return mr_shuffle_(mask, value, mr_within_(static_cast<int>(mr_emulated::self->lane + delta), width), MR_WHERE_);
}
MR_DEVICE unsigned __ballot_sync(unsigned mask, int predicate, MR_AT_) {
  return mr_emulated::runtime->ballot(mask, predicate != 0, MR_WHERE_);
}
MR_DEVICE int __any_sync(unsigned mask, int predicate, MR_AT_) {
  return mr_emulated::runtime->ballot(mask, predicate != 0, MR_WHERE_) != 0;
}
MR_DEVICE int __all_sync(unsigned mask, int predicate, MR_AT_) {
  return mr_emulated::runtime->ballot(mask, predicate == 0, MR_WHERE_) == 0;
}
template <class T>
MR_DEVICE unsigned __match_any_sync(unsigned mask, T value, MR_AT_) {
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof value);
  return mr_emulated::runtime->match_any(mask, bits, MR_WHERE_);
}

MR_DEVICE int __popc(unsigned v) { return __builtin_popcount(v); }
MR_DEVICE int __ffs(int v) { return __builtin_ffs(v); }
MR_DEVICE int __clz(int v) { return v ? __builtin_clz(static_cast<unsigned>(v)) : 32; }

// ---- Atomics: blocks really run in parallel.

MR_DEVICE int atomicAdd(int* p, int v) { return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST); }
MR_DEVICE unsigned atomicAdd(unsigned* p, unsigned v) { return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST); }
MR_DEVICE unsigned long long atomicAdd(unsigned long long* p, unsigned long long v) {
  return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);
}
template <class T>
MR_DEVICE T mr_atomic_update_(T* p, T v, bool (*replaces)(T, T)) {
  T old = __atomic_load_n(p, __ATOMIC_SEQ_CST);
  while (replaces(v, old) && !__atomic_compare_exchange_n(p, &old, v, true, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}
MR_DEVICE int atomicMax(int* p, int v) {
  return mr_atomic_update_<int>(p, v, [](int a, int b) { return a > b; });
}
MR_DEVICE unsigned atomicMax(unsigned* p, unsigned v) {
  return mr_atomic_update_<unsigned>(p, v, [](unsigned a, unsigned b) { return a > b; });
}
MR_DEVICE int atomicMin(int* p, int v) {
  return mr_atomic_update_<int>(p, v, [](int a, int b) { return a < b; });
}
MR_DEVICE int atomicExch(int* p, int v) { return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST); }
MR_DEVICE int atomicCAS(int* p, int expected, int v) {
  __atomic_compare_exchange_n(p, &expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return expected;
}
MR_DEVICE void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
MR_DEVICE void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
template <class T>
MR_DEVICE T __ldg(const T* p) {
  return *p;
}

#include "millrace/emulated/checks.h"
#include "millrace/emulated/numbers.h"

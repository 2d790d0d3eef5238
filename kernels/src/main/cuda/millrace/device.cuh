// The portability header of the kernels: the only place where intrinsics, PTX and CUDA's headers appear.
//
// One source, two compilers. nvcc sees the instructions (hardware/*.cuh); g++ with MR_EMULATOR sees the same
// names as calls into the fiber runtime (src/emulator/include/millrace/emulated/*.h). Every wrapped
// instruction has two bodies and one conformance test that runs against both.
//
//   MR_KERNEL mr_scale(const float* in, float* out, int n) { ... }
//   MR_EXPORT(mr_scale)
//
// Rules for kernels, besides those of kernels/README.md: shared memory only through MR_SHARED, no static
// __shared__; parameters are pointers, 32- and 64-bit integers, floats and mr_tmap; bf16 travels as uint16_t
// and e4m3 as uint8_t; warp operations name all lanes and stand where all lanes pass.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef MR_EMULATOR
#include "millrace/emulated/base.h"
#include "millrace/emulated/tensor.h"
#include "millrace/emulated/async.h"
#else
#include "millrace/hardware/base.cuh"
#include "millrace/hardware/tensor.cuh"
#include "millrace/hardware/async.cuh"
#include "millrace/hardware/wgmma.cuh"
#endif

// The architecture a device function is compiled for, as 100 * major + 10 * minor; MR_HAS_WGMMA says that
// this chip has TMA and wgmma ("a" features of sm_90). Kernels choose a body by these two only.
#ifdef MR_EMULATOR
#define MR_ARCH MR_EMULATED_ARCH
#if MR_EMULATED_ARCH == 900
#define MR_HAS_WGMMA 1
#else
#define MR_HAS_WGMMA 0
#endif
#else
#ifdef __CUDA_ARCH__
#define MR_ARCH __CUDA_ARCH__
#else
#define MR_ARCH 0
#endif
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
#define MR_HAS_WGMMA 1
#else
#define MR_HAS_WGMMA 0
#endif
#endif

// ---- Composed operations, the same text for both compilers.

constexpr unsigned MR_ALL_LANES = 0xffffffffu;

// Sum over the 32 lanes in a fixed tree; every lane gets the same bits.
MR_DEVICE float mr_warp_sum(float value) {
#pragma unroll
  for (int offset = 16; offset; offset >>= 1) value += __shfl_xor_sync(MR_ALL_LANES, value, offset);
  return value;
}

MR_DEVICE float mr_warp_max(float value) {
#pragma unroll
  for (int offset = 16; offset; offset >>= 1) {
    value = mr_max(value, __shfl_xor_sync(MR_ALL_LANES, value, offset));
  }
  return value;
}

MR_DEVICE uint32_t mr_pack_bf16(float low, float high) {
  return static_cast<uint32_t>(mr_f32_to_bf16(low)) | static_cast<uint32_t>(mr_f32_to_bf16(high)) << 16;
}

// Shared-memory matrix descriptor of wgmma: K-major tile, `swizzle_bytes` in {128, 64, 32} per row of 8,
// groups of 8 rows 8 * swizzle_bytes apart. `tile` must be aligned to 8 * swizzle_bytes; advance along K
// by adding (bytes >> 4).
MR_DEVICE uint64_t mr_wgmma_descriptor(const void* tile, int swizzle_bytes) {
  const uint64_t mode = swizzle_bytes == 128 ? 1 : swizzle_bytes == 64 ? 2 : 3;
  return static_cast<uint64_t>((mr_smem_u32(tile) & 0x3ffff) >> 4) | uint64_t{1} << 16 |
         static_cast<uint64_t>(8 * swizzle_bytes >> 4) << 32 | mode << 62;
}

// Hardware bodies: kernel declaration, conversions, fast maths. Included by device.cuh only.
#pragma once
#include <cuda_runtime.h>

#define MR_KERNEL extern "C" __global__ void
#define MR_DEVICE static __device__ __forceinline__
#define MR_EXPORT(kernel)
// Names the block's dynamic shared memory as one object of the given type (aligned to 1024 bytes).
#define MR_SHARED(Type, name)                                              \
  extern __shared__ __align__(1024) unsigned char mr_shared_memory_[];     \
  Type& name = *reinterpret_cast<Type*>(mr_shared_memory_)

// Stops the launch with an error if the condition does not hold.
#define MR_CHECK(condition)  \
  do {                       \
    if (!(condition)) __trap(); \
  } while (0)

MR_DEVICE float mr_bf16_to_f32(uint16_t v) { return __uint_as_float(static_cast<uint32_t>(v) << 16); }

// Round to nearest even; a NaN becomes 0x7fff.
MR_DEVICE uint16_t mr_f32_to_bf16(float f) {
  uint16_t r;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(r) : "f"(f));
  return r;
}

// a * b + c of both bf16 halves, each rounded once to nearest even; subnormals count.
MR_DEVICE uint32_t mr_fma_bf16x2(uint32_t a, uint32_t b, uint32_t c) {
  uint32_t r;
  asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(r) : "r"(a), "r"(b), "r"(c));
  return r;
}

// e4m3: 1 sign, 4 exponent (bias 7), 3 mantissa bits, largest 448, NaN 0x7f and 0xff, no infinity.
MR_DEVICE float mr_e4m3_to_f32(uint8_t v) {
  const uint32_t magnitude = v & 0x7f;
  // Exponent and mantissa moved into place, then scaled by 2^120 (exact, subnormals included).
  const float f = __uint_as_float(magnitude << 20) * 0x1p120f;
  const uint32_t bits = magnitude == 0x7f ? 0x7fffffffu : __float_as_uint(f);
  return __uint_as_float(bits | static_cast<uint32_t>(v & 0x80) << 24);
}

// Nearest even, saturating at 448 (infinities too); a NaN becomes 0x7f. The conversion instruction exists from sm_89
// on; the integer arithmetic for older chips gives the same bits.
MR_DEVICE uint8_t mr_f32_to_e4m3(float f) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 890
  uint16_t pair;
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(pair) : "f"(0.0f), "f"(f));
  return static_cast<uint8_t>(pair);
#else
  const uint32_t bits = __float_as_uint(f), sign = bits >> 24 & 0x80, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return 0x7f;
  if (magnitude >= 0x43e80000u) return static_cast<uint8_t>(sign | 0x7e);  // 464 and above
  if (magnitude < 0x3c800000u) {  // below 2^-6: subnormal, units of 2^-9
    const float units = __uint_as_float(magnitude) * 512.0f;
    return static_cast<uint8_t>(sign | static_cast<uint32_t>(__float2int_rn(units)));
  }
  const uint32_t rounded = magnitude + 0x7ffffu + (magnitude >> 20 & 1);
  return static_cast<uint8_t>(sign | ((rounded >> 20) - (120u << 3)));
#endif
}

MR_DEVICE float mr_as_f32(uint32_t bits) { return __uint_as_float(bits); }
MR_DEVICE uint32_t mr_as_u32(float value) { return __float_as_uint(value); }

// Fast maths. Bounds in the conformance test: exp2, log2, rsqrt, rcp within 2 ulp; exp and log through them.
MR_DEVICE float mr_exp2(float x) {
  float r;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
  return r;
}
MR_DEVICE float mr_exp(float x) { return mr_exp2(x * 1.4426950408889634f); }
MR_DEVICE float mr_log2(float x) {
  float r;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
  return r;
}
MR_DEVICE float mr_log(float x) { return mr_log2(x) * 0.6931471805599453f; }
MR_DEVICE float mr_rsqrt(float x) {
  float r;
  asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
  return r;
}
MR_DEVICE float mr_rcp(float x) {
  float r;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
  return r;
}
MR_DEVICE float mr_max(float a, float b) { return fmaxf(a, b); }
MR_DEVICE float mr_min(float a, float b) { return fminf(a, b); }
MR_DEVICE float mr_fma(float a, float b, float c) { return __fmaf_rn(a, b, c); }
// A product and a sum that the compiler must not fuse: where host and device have to agree bit for bit.
MR_DEVICE float mr_mul(float a, float b) { return __fmul_rn(a, b); }
MR_DEVICE float mr_add(float a, float b) { return __fadd_rn(a, b); }

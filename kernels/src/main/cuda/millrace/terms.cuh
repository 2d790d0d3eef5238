// f32 as a sum of bf16: how operands reach the tensor cores when products are wanted in single precision.
//
// x = t0 + t1 + t2, t0 = bf16(x), t1 = bf16(x - t0), t2 = bf16(x - t0 - t1), each to nearest even. f32 has 24 bits,
// bf16 8: the sum is exact for |x| >= 2^-110 and for zero, below that off by at most 2^-134. What is exact in bf16 has
// one term, in binary16 two. An infinity is its own first term and the others are zero; so is a number beyond the
// largest of bf16 (3.39e38), which becomes one.
//
// A product of terms is exact in f32. Of the nine the three smallest are left out: t1 with t2 and t2 with t2 together
// are below 2^-22 of x * w, mostly far below. The others are six products of matrices in bf16, added up from the smallest to the
// largest (three if the weights are bf16): out = x2 w0, += x1 w1, += x0 w2, += x1 w0, += x0 w1, += x0 w0.
#pragma once

#include "millrace/device.cuh"

constexpr int MR_TERMS = 3;

// Takes the next term off `rest`.
MR_DEVICE uint16_t mr_next_term(float& rest) {
  const uint16_t term = mr_f32_to_bf16(rest);
  const float taken = mr_bf16_to_f32(term);
  rest = (term & 0x7fffu) == 0x7f80u ? 0.0f : rest - taken;
  return term;
}

// Terms of four neighbours; `out` is the first of the planes [3][plane], at their place.
MR_DEVICE void mr_store_terms(uint16_t* out, int64_t plane, float4 rest) {
#pragma unroll
  for (int term = 0; term < MR_TERMS; term++) {
    uint2 packed;
    packed.x = (uint32_t)mr_next_term(rest.x);
    packed.x |= (uint32_t)mr_next_term(rest.y) << 16;
    packed.y = (uint32_t)mr_next_term(rest.z);
    packed.y |= (uint32_t)mr_next_term(rest.w) << 16;
    *reinterpret_cast<uint2*>(out + term * plane) = packed;
  }
}

// Mixture of experts: the sum of what the experts gave.
#include "millrace/device.cuh"

// mr_combine_experts: hidden[t] = ((hidden[t] + slot[t * topK]) + .. + slot[t * topK + topK - 1]) + slot[T * topK + t],
// the last term only with a shared expert; always in this order. With weights, each routed slot is multiplied by its own
// and added in one rounding.
//
//   float* hidden           f32 [T, ldh]
//   const float* slot       f32 [T * topK (+ T), lds], what the down product wrote (mr_gemm with target = slots)
//   const float* weight     [T, topK] weight of each routed slot, or null: 1
//   const int32_t* rows     T = rows[0]
//   int32 topK              0: the shared expert alone
//   int32 shared            1 or 0
//   int32 width             a multiple of 4
//   int32 ldh, lds          multiples of 4
//
// Launch: grid any, about ceil(capacity * width / 1024) up to some thousands; block any, 256; no shared memory.
// Bytes: T * width * 4 * (2 + topK + shared). Test: src/test/cpp/route_test.cpp
MR_KERNEL __launch_bounds__(256)
    mr_combine_experts(float* hidden, const float* slot, const float* weight, const int32_t* rows, int32_t topK,
                       int32_t shared, int32_t width, int32_t ldh, int32_t lds) {
  const int count = rows[0], quads = width / 4;
  const int64_t all = static_cast<int64_t>(count) * quads;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < all; i += stride) {
    const int row = static_cast<int>(i / quads), column = static_cast<int>(i % quads) * 4;
    float4* to = reinterpret_cast<float4*>(hidden + (size_t)row * ldh + column);
    float4 sum = *to;
    for (int j = 0; j < topK + shared; j++) {
      const size_t from = j < topK ? (size_t)row * topK + j : (size_t)count * topK + row;
      const float4 term = *reinterpret_cast<const float4*>(slot + from * lds + column);
      if (weight != nullptr && j < topK) {
        const float factor = weight[from];
        sum.x = mr_fma(factor, term.x, sum.x);
        sum.y = mr_fma(factor, term.y, sum.y);
        sum.z = mr_fma(factor, term.z, sum.z);
        sum.w = mr_fma(factor, term.w, sum.w);
      } else {
        sum.x += term.x;
        sum.y += term.y;
        sum.z += term.z;
        sum.w += term.w;
      }
    }
    *to = sum;
  }
}
MR_EXPORT(mr_combine_experts)

// SwiGLU of products in single precision; the products of bf16 have it in their epilogue.
#include "millrace/packed.cuh"
#include "millrace/terms.cuh"

// mr_swiglu_terms: out[p][r][c] = term p (terms.cuh) of silu(score[r] * gate) * (score[r] * up),
// silu(g) = g / (1 + exp(-g)); the formula of mr_swiglu_bf16, with the accurate exp (2 ulp)
//
//   uint16_t* out           bf16, three planes, each [R, width]
//   const float* gateUp     f32 [R, 2 * width], what a product with a packed pair gives: gates and ups in eights (packed.cuh)
//   const float* score      factor of each row, or null: 1
//   const int32_t* rows     R = rows[0]
//   int64 plane             elements from one plane to the next, a multiple of 4
//   int32 width             channels, a multiple of 8
//
// Launch: grid any, about ceil(capacity * width / 1024) up to some thousands; block any, 256; no shared memory.
// Bytes: R * width * 14. Each element by itself. Test: src/test/cpp/swiglu_f32_test.cpp
MR_KERNEL __launch_bounds__(256)
    mr_swiglu_terms(uint16_t* out, const float* gateUp, const float* score, const int32_t* rows, int64_t plane,
                    int32_t width) {
  const int quads = width / 4;
  const int64_t all = static_cast<int64_t>(rows[0]) * quads;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < all; i += stride) {
    const int64_t row = i / quads;
    const int column = static_cast<int>(i % quads) * 4;
    const float* pair = gateUp + row * 2 * width;
    const float4 gates = *reinterpret_cast<const float4*>(pair + mr_packed_row(column, MR_LAYOUT_GATE));
    const float4 ups = *reinterpret_cast<const float4*>(pair + mr_packed_row(column, MR_LAYOUT_UP));
    const float weight = score ? score[row] : 1.0f;
    const auto swiglu = [weight](float gate, float up) {
      const float scaled = mr_mul(weight, gate);
      return mr_mul(scaled / (1.0f + expf(-scaled)), mr_mul(weight, up));
    };
    mr_store_terms(out + row * width + column, plane,
                   make_float4(swiglu(gates.x, ups.x), swiglu(gates.y, ups.y), swiglu(gates.z, ups.z),
                               swiglu(gates.w, ups.w)));
  }
}
MR_EXPORT(mr_swiglu_terms)

// Conformance kernels: wgmma in every wrapped shape, and the hand-over of registers.
#include "millrace/device.cuh"

namespace {

constexpr int TILE_ROW_MAX = 128;
struct WgmmaShared {
  unsigned char a[64 * TILE_ROW_MAX];
  unsigned char b[256 * TILE_ROW_MAX];
};

template <int N, bool E4M3, int STEPS>
MR_DEVICE void chain(WgmmaShared& shared, float (&d)[N / 2]) {
  mr_wgmma_fence();
#pragma unroll
  for (int step = 0; step < STEPS; step++) {
    const uint64_t da = mr_wgmma_descriptor(shared.a, 32 * STEPS) + static_cast<uint64_t>(2 * step);
    const uint64_t db = mr_wgmma_descriptor(shared.b, 32 * STEPS) + static_cast<uint64_t>(2 * step);
    if constexpr (E4M3) {
      mr_wgmma_e4m3<N>(d, da, db, step > 0);
    } else {
      mr_wgmma_bf16<N>(d, da, db, step > 0);
    }
  }
  mr_wgmma_commit();
  mr_wgmma_wait<0>();
}

// One warpgroup. Tiles come swizzled from the host and are copied as they lie; rows of `row_bytes` (the swizzle), one
// instruction per 32 bytes of a row. out[thread][N / 2].
template <int N, bool E4M3>
MR_DEVICE void multiply(const uint8_t* a, const uint8_t* b, float* out, int row_bytes) {
  MR_SHARED(WgmmaShared, shared);
  const int t = static_cast<int>(threadIdx.x);
  for (int i = t; i < 64 * row_bytes; i += 128) shared.a[i] = a[i];
  for (int i = t; i < N * row_bytes; i += 128) shared.b[i] = b[i];
  mr_fence_async();
  __syncthreads();
  float d[N / 2];
#pragma unroll
  for (int i = 0; i < N / 2; i++) d[i] = 5;  // the first instruction does not accumulate
  if (row_bytes == 128) {
    chain<N, E4M3, 4>(shared, d);
  } else if (row_bytes == 64) {
    chain<N, E4M3, 2>(shared, d);
  } else {
    chain<N, E4M3, 1>(shared, d);
  }
#pragma unroll
  for (int i = 0; i < N / 2; i++) out[t * (N / 2) + i] = d[i];
}

// As above with a from registers: a_words[word][thread] of the first step only, b of 32 bytes a row.
template <int N>
MR_DEVICE void multiply_registers(const uint32_t* a_words, const uint8_t* b, float* out) {
  MR_SHARED(WgmmaShared, shared);
  const int t = static_cast<int>(threadIdx.x);
  for (int i = t; i < N * 32; i += 128) shared.b[i] = b[i];
  mr_fence_async();
  __syncthreads();
  const uint32_t words[4] = {a_words[t], a_words[128 + t], a_words[256 + t], a_words[384 + t]};
  float d[N / 2];
#pragma unroll
  for (int i = 0; i < N / 2; i++) d[i] = 1;
  mr_wgmma_fence();
  mr_wgmma_bf16<N>(d, words, mr_wgmma_descriptor(shared.b, 32), 1);
  mr_wgmma_commit();
  mr_wgmma_wait<0>();
#pragma unroll
  for (int i = 0; i < N / 2; i++) out[t * (N / 2) + i] = d[i];
}

}  // namespace

#define TEST_WGMMA(N)                                                                                              \
  MR_KERNEL __launch_bounds__(128) test_wgmma_bf16_n##N(const uint8_t* a, const uint8_t* b, float* out, int row) { \
    multiply<N, false>(a, b, out, row);                                                                            \
  }                                                                                                                \
  MR_EXPORT(test_wgmma_bf16_n##N)                                                                                  \
  MR_KERNEL __launch_bounds__(128) test_wgmma_e4m3_n##N(const uint8_t* a, const uint8_t* b, float* out, int row) { \
    multiply<N, true>(a, b, out, row);                                                                             \
  }                                                                                                                \
  MR_EXPORT(test_wgmma_e4m3_n##N)                                                                                  \
  MR_KERNEL __launch_bounds__(128) test_wgmma_registers_n##N(const uint32_t* a, const uint8_t* b, float* out) {    \
    multiply_registers<N>(a, b, out);                                                                              \
  }                                                                                                                \
  MR_EXPORT(test_wgmma_registers_n##N)
TEST_WGMMA(8)
TEST_WGMMA(16)
TEST_WGMMA(32)
TEST_WGMMA(64)
TEST_WGMMA(96)
TEST_WGMMA(128)
TEST_WGMMA(192)
TEST_WGMMA(256)

// Three warpgroups: the first gives registers away, the others take them; then all compute.
MR_KERNEL __launch_bounds__(384, 1) test_set_max_registers(const int* in, int* out) {
  const int t = static_cast<int>(threadIdx.x);
  if (t < 128) {
    mr_reg_dec<40>();
    out[t] = in[t] + 1;
  } else {
    mr_reg_inc<232>();
    out[t] = in[t] * 2;
  }
}
MR_EXPORT(test_set_max_registers)

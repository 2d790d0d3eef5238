// Conformance kernels: votes, shuffles, barriers, atomics, matrix loads and stores of a warp. Every one executes the
// wrapped instruction on data from the host and writes what each thread got; src/test/cpp compares with a model.
#include "millrace/device.cuh"

// One warp. out[op * 32 + lane]; ops as in conformance_warp_test.cpp.
MR_KERNEL test_shuffles(const int* in, const int* sources, int* out) {
  const int lane = static_cast<int>(threadIdx.x);
  const int v = in[lane];
  int op = 0;
  auto put = [&](int value) { out[32 * op++ + lane] = value; };
  put(__shfl_sync(MR_ALL_LANES, v, sources[lane]));
  put(__shfl_sync(MR_ALL_LANES, v, sources[lane], 8));
  for (int bits = 1; bits < 32; bits *= 2) put(__shfl_xor_sync(MR_ALL_LANES, v, bits));
  put(__shfl_xor_sync(MR_ALL_LANES, v, 3, 16));
  put(__shfl_up_sync(MR_ALL_LANES, v, 5));
  put(__shfl_up_sync(MR_ALL_LANES, v, 1, 8));
  put(__shfl_down_sync(MR_ALL_LANES, v, 7));
  put(__shfl_down_sync(MR_ALL_LANES, v, 2, 4));
  const double wide = __shfl_xor_sync(MR_ALL_LANES, v * 0.5, 16);
  put(static_cast<int>(wide * 2));
  const float rotated = __shfl_sync(MR_ALL_LANES, static_cast<float>(v), lane + 1);
  put(static_cast<int>(rotated));
}
MR_EXPORT(test_shuffles)

// Each half of the warp votes for itself and then all together.
MR_KERNEL test_votes(const int* in, unsigned* out) {
  const int lane = static_cast<int>(threadIdx.x);
  const int v = in[lane];
  const unsigned half = lane < 16 ? 0x0000ffffu : 0xffff0000u;
  out[lane] = __ballot_sync(MR_ALL_LANES, v & 1);
  out[32 + lane] = static_cast<unsigned>(__any_sync(MR_ALL_LANES, v == in[40]) != 0);
  out[64 + lane] = static_cast<unsigned>(__all_sync(MR_ALL_LANES, v < in[41]) != 0);
  out[96 + lane] = __match_any_sync(MR_ALL_LANES, v % 5);
  out[128 + lane] = __ballot_sync(half, v & 2);
  __syncwarp();
  out[160 + lane] = static_cast<unsigned>(__popc(static_cast<unsigned>(v)) + 100 * __ffs(v) + 10000 * __clz(v));
}
MR_EXPORT(test_votes)

MR_KERNEL test_warp_reductions(const float* in, float* out) {
  const int lane = static_cast<int>(threadIdx.x % 32), at = static_cast<int>(threadIdx.x);
  out[at] = mr_warp_sum(in[at]);
  out[64 + at] = mr_warp_max(in[at]);
  out[128 + at] = static_cast<float>(lane);
}
MR_EXPORT(test_warp_reductions)

namespace {
struct MatrixShared {
  uint16_t tile[32][40];  // rows of 80 bytes: aligned to 16, apart in the banks
};
}  // namespace

// One warp. in: 32 x 32 elements; out[op][word][lane].
MR_KERNEL test_ldmatrix(const uint16_t* in, uint32_t* out) {
  MR_SHARED(MatrixShared, shared);
  const int lane = static_cast<int>(threadIdx.x);
  for (int r = 0; r < 32; r++) shared.tile[r][lane] = in[32 * r + lane];
  __syncwarp();
  const void* row = &shared.tile[lane][8];
  uint32_t one[1], two[2], four[4];
  int op = 0;
  auto put = [&](const uint32_t* words, int count) {
    for (int i = 0; i < count; i++) out[32 * op++ + lane] = words[i];
  };
  mr_ldmatrix_x1(one, row);
  put(one, 1);
  mr_ldmatrix_x2(two, row);
  put(two, 2);
  mr_ldmatrix_x4(four, row);
  put(four, 4);
  mr_ldmatrix_x1_trans(one, row);
  put(one, 1);
  mr_ldmatrix_x2_trans(two, row);
  put(two, 2);
  mr_ldmatrix_x4_trans(four, row);
  put(four, 4);
}
MR_EXPORT(test_ldmatrix)

// One warp. in[word][lane]; out: the 32 x 8 elements that the four matrices cover.
MR_KERNEL test_stmatrix(const uint32_t* in, uint16_t* out) {
  MR_SHARED(MatrixShared, shared);
  const int lane = static_cast<int>(threadIdx.x);
  const uint32_t words[4] = {in[lane], in[32 + lane], in[64 + lane], in[96 + lane]};
  mr_stmatrix_x4(words, &shared.tile[lane][16]);
  __syncwarp();
  for (int c = 0; c < 8; c++) out[8 * lane + c] = shared.tile[lane][16 + c];
}
MR_EXPORT(test_stmatrix)

// One warp, fragments from the host: a[4][32], b[2][32], c[4][32] -> d[4][32]; two steps on the same accumulators.
MR_KERNEL test_mma_bf16(const uint32_t* a, const uint32_t* b, const float* c, float* d) {
  const int lane = static_cast<int>(threadIdx.x);
  float acc[4];
  for (int i = 0; i < 4; i++) acc[i] = c[32 * i + lane];
  const uint32_t fa[4] = {a[lane], a[32 + lane], a[64 + lane], a[96 + lane]}, fb[2] = {b[lane], b[32 + lane]};
  mr_mma_bf16_16816(acc, fa, fb);
  mr_mma_bf16_16816(acc, fa, fb);
  for (int i = 0; i < 4; i++) d[32 * i + lane] = acc[i];
}
MR_EXPORT(test_mma_bf16)

MR_KERNEL test_mma_e4m3(const uint32_t* a, const uint32_t* b, const float* c, float* d) {
  const int lane = static_cast<int>(threadIdx.x);
  float acc[4];
  for (int i = 0; i < 4; i++) acc[i] = c[32 * i + lane];
  const uint32_t fa[4] = {a[lane], a[32 + lane], a[64 + lane], a[96 + lane]}, fb[2] = {b[lane], b[32 + lane]};
  mr_mma_e4m3_16832(acc, fa, fb);
  for (int i = 0; i < 4; i++) d[32 * i + lane] = acc[i];
}
MR_EXPORT(test_mma_e4m3)

namespace {
struct RelayShared {
  int slots[64];
};
}  // namespace

// Two warps hand values over through named barriers 1 and 2, `rounds` times: warp 0 writes and arrives, warp 1 waits
// and reads, and the other way round.
MR_KERNEL test_named_barriers(int* out, int rounds) {
  MR_SHARED(RelayShared, shared);
  const int lane = static_cast<int>(threadIdx.x % 32);
  int sum = 0;
  for (int round = 0; round < rounds; round++) {
    if (threadIdx.x < 32) {
      shared.slots[lane] = 1000 * round + lane;
      mr_barrier_arrive(1, 64);
      mr_barrier_sync(2, 64);
    } else {
      mr_barrier_sync(1, 64);
      sum += shared.slots[31 - lane];
      mr_barrier_arrive(2, 64);
    }
  }
  if (threadIdx.x >= 32) out[lane] = sum;
}
MR_EXPORT(test_named_barriers)

// out: [0] sum, [1] greatest, [2] least, [3] greatest unsigned, [4] xor-free chain of exchanges, [5] lock-protected sum.
MR_KERNEL test_atomics(const int* in, int* out, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= n) return;
  atomicAdd(&out[0], in[i]);
  atomicMax(&out[1], in[i]);
  atomicMin(&out[2], in[i]);
  atomicMax(reinterpret_cast<unsigned*>(&out[3]), static_cast<unsigned>(in[i]));
  // Every value goes in once and comes out once: the sum of what came out and what is left is the sum of all.
  atomicAdd(&out[5], atomicExch(&out[4], in[i]));
  int seen = out[6], expected;
  do {
    expected = seen;
    seen = atomicCAS(&out[6], expected, expected + in[i]);
  } while (seen != expected);
  atomicAdd(reinterpret_cast<unsigned*>(&out[7]), 1u);
}
MR_EXPORT(test_atomics)

// Attention in single precision, for prompts and single tokens alike.
#include "millrace/device.cuh"
#include "millrace/step.cuh"

namespace {
constexpr int F32_HEAD_MAX = 128;

struct AttendF32Shared {
  alignas(16) float query[F32_HEAD_MAX];
  float scores[F32_HEAD_MAX];
  float weights[F32_HEAD_MAX];
  int64_t values[F32_HEAD_MAX];  // element of the layer at which the tile's value begins
};
static_assert(sizeof(AttendF32Shared) == 2560, "fact box");

MR_DEVICE float mr_dot_f32(const float* a, const float* b, int width) {
  float4 sums = make_float4(0, 0, 0, 0);
  for (int i = 0; i < width; i += 4) {
    const float4 x = *reinterpret_cast<const float4*>(a + i), y = *reinterpret_cast<const float4*>(b + i);
    sums.x = mr_fma(x.x, y.x, sums.x);
    sums.y = mr_fma(x.y, y.y, sums.y);
    sums.z = mr_fma(x.z, y.z, sums.z);
    sums.w = mr_fma(x.w, y.w, sums.w);
  }
  return (sums.x + sums.y) + (sums.z + sums.w);
}
}  // namespace

// out[t] = softmax(q[t] k^T / sqrt(D)) v for all rows of the step, over the positions of the row's own sequence from the
// start of its chunk or window (visible; 0: from position 0) up to its own; f32 throughout.
//
//   queries  f32 [T, Q * D], as mr_rotate_store_f32 leaves it      out   f32 [T, Q * D]
//   layer    f32, this layer's part of the cache: [block][2 (k, v)][K][blockTokens][D]
//   D        64 or 128: the block has D threads. Any group size Q / K, blockTokens and visible
//   grid     (rows of the bucket, Q)    block D    shared 2560
//   FLOP     4 * D per row, head and visible key    bytes   8 * D per row, head and visible key, mostly from L2
//   order    keys in tiles of D at absolute multiples of D, in rising order, with a running maximum; thread i has the
//            score of the tile's key i, then element i of the result. A tile's weights and weighted values are summed in
//            rising order and added to what came before. All of that depends on the row's position alone
//   exp      the accurate one (2 ulp)
//   speed    one block walks all keys of one row and head: right, not fast
//   test     attend_f32_test
MR_KERNEL __launch_bounds__(F32_HEAD_MAX) mr_attend_f32(
    const float* __restrict__ queries, const float* __restrict__ layer, float* __restrict__ out,
    const int32_t* __restrict__ step, int32_t rowCapacity, int32_t queryHeads, int32_t kvHeads, int32_t blockTokens,
    int32_t visible) {
  MR_SHARED(AttendF32Shared, shared);
  if ((int)blockIdx.x >= mr_step_rows(step)) return;
  const MrStepRow where = mr_step_row(step, blockIdx.x);
  const int32_t* table = step + mr_step_run(step, rowCapacity, where.run).table;
  const int d = blockDim.x, me = threadIdx.x, last = where.position;
  const int first = mr_first_seen(last, visible);
  const int kvHead = blockIdx.y / (queryHeads / kvHeads);
  const int64_t head = (int64_t)blockTokens * d;
  const float scale = 1.0f / sqrtf((float)d);

  const int64_t at = ((int64_t)blockIdx.x * queryHeads + blockIdx.y) * d + me;
  shared.query[me] = queries[at];
  __syncthreads();
  float largest = -INFINITY, sum = 0, value = 0;
  for (int tile = first / d * d;; tile += d) {
    const int key = tile + me;
    const bool seen = key >= first && key <= last;
    int64_t offset = 0;
    float score = -INFINITY;
    if (seen) {
      const int block = table[key / blockTokens];
      offset = ((int64_t)block * 2 * kvHeads + kvHead) * head + (int64_t)(key % blockTokens) * d;
      score = mr_mul(mr_dot_f32(shared.query, layer + offset, d), scale);
    }
    shared.scores[me] = score;
    __syncthreads();  // and all have left the weights of the tile before
    float top = largest;
    for (int i = 0; i < d; i++) top = mr_max(top, shared.scores[i]);
    shared.weights[me] = seen ? expf(score - top) : 0.0f;
    shared.values[me] = offset + kvHeads * head;
    __syncthreads();
    // every tile has a key that is seen, so `top` is a number; the first factor is exp(-infinity) = 0
    const float factor = expf(largest - top);
    const int from = max(first - tile, 0), end = min(last - tile, d - 1);
    float tileSum = 0, tileValue = 0;
    for (int i = from; i <= end; i++) {
      const float weight = shared.weights[i];
      tileSum += weight;
      tileValue = mr_fma(weight, layer[shared.values[i] + me], tileValue);
    }
    sum = mr_fma(sum, factor, tileSum);
    value = mr_fma(value, factor, tileValue);
    largest = top;
    if (last - tile < d) break;
  }
  out[at] = value / sum;
}
MR_EXPORT(mr_attend_f32)

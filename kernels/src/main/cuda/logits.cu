// Answers about rows of logits: the likeliest token, what normalises probabilities, single logits.
#include "millrace/device.cuh"
#include "millrace/step.cuh"

namespace {
constexpr int LOGITS_THREADS = 256;
constexpr int LOGITS_PER_THREAD = 32;
constexpr int LOGITS_PART = LOGITS_THREADS * LOGITS_PER_THREAD;
constexpr int LOGITS_WARPS = LOGITS_THREADS / 32;
constexpr float LOG2_E = 1.44269504f;
constexpr int NO_TOKEN = 0x7fffffff;

// What is known about a row, or about a part of it.
struct LogitSummary {
  float largest;   // -infinity if there is no number
  int32_t argmax;  // smallest id with the largest logit
  double sum;      // of exp(logit - largest); not a number if a logit is none
};

struct LogitsShared {
  LogitSummary byWarp[LOGITS_WARPS];
};

MR_DEVICE double mr_warp_sum_double(double value) {
#pragma unroll
  for (int offset = 16; offset; offset >>= 1) value += __shfl_xor_sync(MR_ALL_LANES, value, offset);
  return value;
}

// Smallest id among the lanes that hold the largest value.
MR_DEVICE void mr_warp_argmax(float& largest, int32_t& argmax) {
#pragma unroll
  for (int offset = 16; offset; offset >>= 1) {
    const float other = __shfl_xor_sync(MR_ALL_LANES, largest, offset);
    const int32_t id = __shfl_xor_sync(MR_ALL_LANES, argmax, offset);
    if (other > largest || (other == largest && id < argmax)) {
      largest = other;
      argmax = id;
    }
  }
}

MR_DEVICE double mr_shrunk(const LogitSummary& part, float largest) {
  // A part of nothing but -infinity weighs nothing; infinity minus infinity would be no number.
  if (part.largest == -INFINITY && part.sum == part.sum) return 0;
  return part.sum * (double)mr_exp2(mr_mul(mr_add(part.largest, -largest), LOG2_E));
}
}  // namespace

// Summary of each part of 8192 logits of each selected row: parts[i][p]. One reading of the logits.
//
//   logits   f32 [S, stride], of which V elements of a row count    parts   16 bytes [S][ceil(V / 8192)]
//   grid     (ceil(V / 8192), selected rows of the bucket)    block 256    shared 128
//   bytes    4 * S * V
//   order    parts are fixed by the id alone; sums in double precision in a fixed tree
//   test     logits_test
MR_KERNEL __launch_bounds__(LOGITS_THREADS) mr_logits_parts(const float* __restrict__ logits,
                                                            LogitSummary* __restrict__ parts,
                                                            const int32_t* __restrict__ selection,
                                                            int64_t stride, int32_t vocabulary) {
  MR_SHARED(LogitsShared, shared);
  if ((int)blockIdx.y >= mr_selection_count(selection)) return;
  const int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
  const float* row = logits + blockIdx.y * stride;
  const int start = blockIdx.x * LOGITS_PART;
  float values[LOGITS_PER_THREAD];
  float largest = -INFINITY;
  int32_t argmax = NO_TOKEN;
#pragma unroll
  for (int i = 0; i < LOGITS_PER_THREAD; i++) {
    const int id = start + i * LOGITS_THREADS + thread;
    values[i] = id < vocabulary ? row[id] : -INFINITY;
    if (values[i] > largest) {
      largest = values[i];
      argmax = id;
    }
  }
  mr_warp_argmax(largest, argmax);
  if (lane == 0) shared.byWarp[warp] = {largest, argmax, 0};
  __syncthreads();
  for (int other = 0; other < LOGITS_WARPS; other++) {
    const LogitSummary& that = shared.byWarp[other];
    if (that.largest > largest || (that.largest == largest && that.argmax < argmax)) {
      largest = that.largest;
      argmax = that.argmax;
    }
  }
  const float base = largest == -INFINITY ? 0 : largest;
  double sum = 0;
#pragma unroll
  for (int i = 0; i < LOGITS_PER_THREAD; i++) sum += (double)mr_exp2(mr_mul(mr_add(values[i], -base), LOG2_E));
  sum = mr_warp_sum_double(sum);
  __syncthreads();  // all have read what the warps found
  if (lane == 0) shared.byWarp[warp].sum = sum;
  __syncthreads();
  if (thread == 0) {
    for (int other = 1; other < LOGITS_WARPS; other++) sum += shared.byWarp[other].sum;
    parts[(int64_t)blockIdx.y * gridDim.x + blockIdx.x] = {largest, argmax, sum};
  }
}
MR_EXPORT(mr_logits_parts)

// rows[i] = summary of a whole row from its parts; log(sum(exp(logits))) = largest + log(sum).
//
//   parts    as mr_logits_parts left them    rows   16 bytes [S]: f32 largest, i32 argmax, f64 sum
//   count    ceil(V / 8192)
//   grid     (selected rows of the bucket)    block 32    shared 0
//   bounds   a row without a number has argmax 0 and a sum that is no number
//   test     logits_test
MR_KERNEL mr_logits_fold(const LogitSummary* __restrict__ parts, LogitSummary* __restrict__ rows,
                         const int32_t* __restrict__ selection, int32_t count) {
  if ((int)blockIdx.x >= mr_selection_count(selection)) return;
  const int lane = threadIdx.x;
  const LogitSummary* mine = parts + (int64_t)blockIdx.x * count;
  float largest = -INFINITY;
  int32_t argmax = NO_TOKEN;
  for (int i = lane; i < count; i += 32) {
    if (mine[i].largest > largest) {
      largest = mine[i].largest;
      argmax = mine[i].argmax;
    }
  }
  mr_warp_argmax(largest, argmax);
  double sum = 0;
  for (int i = lane; i < count; i += 32) sum += mr_shrunk(mine[i], largest);
  sum = mr_warp_sum_double(sum);
  if (lane == 0) rows[blockIdx.x] = {largest, argmax == NO_TOKEN ? 0 : argmax, sum};
}
MR_EXPORT(mr_logits_fold)

// out[i] = logits[questions[2 i]][questions[2 i + 1]]
//
//   logits   f32 [S, stride]    questions   int32 [count][2]: index of a selected row, token id
//   grid     (ceil(count / 256))    block 256    shared 0    exact
//   test     logits_test
MR_KERNEL mr_logits_gather(const float* __restrict__ logits, float* __restrict__ out,
                           const int32_t* __restrict__ questions, int32_t count, int64_t stride) {
  const int i = blockIdx.x * LOGITS_THREADS + threadIdx.x;
  if (i < count) out[i] = logits[questions[2 * i] * stride + questions[2 * i + 1]];
}
MR_EXPORT(mr_logits_gather)

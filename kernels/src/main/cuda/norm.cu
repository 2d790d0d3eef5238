// Root-mean-square norm of rows, and of the rows that go through the head.
#include "millrace/block.cuh"
#include "millrace/device.cuh"
#include "millrace/step.cuh"

namespace {
constexpr int NORM_THREADS = 256;
constexpr int NORM_WARPS = NORM_THREADS / 32;
// Groups of four elements that a thread keeps in registers: rows up to 8192 wide are read once.
constexpr int NORM_KEPT = 8;

struct NormShared {
  float squares[NORM_WARPS];
  uint32_t largest[NORM_WARPS];
};

// A row's elements as one thread sees them: four at 4 * (threadIdx.x + 256 * i).
struct NormRow {
  const float4* in;
  const float4* weight;
  float4 kept[NORM_KEPT];
  int groups;
  float scale;
};

MR_DEVICE void mr_norm_load(NormRow& row, const float* in, const float* weight, int width) {
  row.in = reinterpret_cast<const float4*>(in);
  row.weight = reinterpret_cast<const float4*>(weight);
  row.groups = width / 4;
#pragma unroll
  for (int i = 0; i < NORM_KEPT; i++) {
    const int group = threadIdx.x + i * NORM_THREADS;
    if (group < row.groups) row.kept[i] = row.in[group];
  }
}

MR_DEVICE float mr_norm_squares(float sum, float4 four) {
  return mr_fma(four.w, four.w, mr_fma(four.z, four.z, mr_fma(four.y, four.y, mr_fma(four.x, four.x, sum))));
}

MR_DEVICE void mr_norm_scale(NormRow& row, float* partials, int width, float epsilon) {
  float sum = 0;
#pragma unroll
  for (int i = 0; i < NORM_KEPT; i++) {
    if ((int)threadIdx.x + i * NORM_THREADS < row.groups) sum = mr_norm_squares(sum, row.kept[i]);
  }
  for (int group = threadIdx.x + NORM_KEPT * NORM_THREADS; group < row.groups; group += NORM_THREADS) {
    sum = mr_norm_squares(sum, row.in[group]);
  }
  sum = mr_block_sum<NORM_WARPS>(sum, partials);
  // Division and square root are exact to the last bit on every chip, the fast ones are not.
  row.scale = 1.0f / sqrtf(mr_add(sum / (float)width, epsilon));
}

MR_DEVICE float4 mr_norm_apply(const NormRow& row, float4 four, int group) {
  const float4 weight = row.weight[group];
  return make_float4(mr_mul(mr_mul(four.x, row.scale), weight.x), mr_mul(mr_mul(four.y, row.scale), weight.y),
                     mr_mul(mr_mul(four.z, row.scale), weight.z), mr_mul(mr_mul(four.w, row.scale), weight.w));
}

MR_DEVICE uint2 mr_norm_pack(float4 four) {
  uint2 packed;
  packed.x = mr_pack_bf16(four.x, four.y);
  packed.y = mr_pack_bf16(four.z, four.w);
  return packed;
}

// The values that bf16 has for them.
MR_DEVICE float4 mr_norm_rounded(float4 four) {
  const uint2 packed = mr_norm_pack(four);
  return make_float4(mr_as_f32(packed.x << 16), mr_as_f32(packed.x & 0xffff0000u), mr_as_f32(packed.y << 16),
                     mr_as_f32(packed.y & 0xffff0000u));
}

MR_DEVICE void mr_norm_store(uint16_t* out, int group, float4 four) {
  reinterpret_cast<uint2*>(out)[group] = mr_norm_pack(four);
}

MR_DEVICE void mr_norm_store(float* out, int group, float4 four) { reinterpret_cast<float4*>(out)[group] = four; }

template <class Out>
MR_DEVICE void mr_norm_to(const float* in, const float* weight, Out* out, int width, float epsilon, float* partials) {
  NormRow row;
  mr_norm_load(row, in, weight, width);
  mr_norm_scale(row, partials, width, epsilon);
#pragma unroll
  for (int i = 0; i < NORM_KEPT; i++) {
    const int group = threadIdx.x + i * NORM_THREADS;
    if (group < row.groups) mr_norm_store(out, group, mr_norm_apply(row, row.kept[i], group));
  }
  for (int group = threadIdx.x + NORM_KEPT * NORM_THREADS; group < row.groups; group += NORM_THREADS) {
    mr_norm_store(out, group, mr_norm_apply(row, row.in[group], group));
  }
}

template <class Out>
MR_DEVICE void mr_norm_rows(const float* hidden, const float* weight, Out* out, const int32_t* step, int width,
                            float epsilon) {
  MR_SHARED(NormShared, shared);
  const int row = blockIdx.x;
  if (row >= mr_step_rows(step)) return;
  const int64_t at = (int64_t)row * width;
  mr_norm_to(hidden + at, weight, out + at, width, epsilon, shared.squares);
}

template <class Out>
MR_DEVICE void mr_norm_selection(const float* hidden, const float* weight, Out* out, const int32_t* selection,
                                 int width, float epsilon) {
  MR_SHARED(NormShared, shared);
  const int index = blockIdx.x;
  if (index >= mr_selection_count(selection)) return;
  const int row = mr_selection_row(selection, index);
  mr_norm_to(hidden + (int64_t)row * width, weight, out + (int64_t)index * width, width, epsilon, shared.squares);
}
}  // namespace

// out[t] = hidden[t] / sqrt(mean(hidden[t]^2) + epsilon) * weight
//
//   hidden   f32 [T, H]    weight   f32 [H]    out   bf16 [T, H]    width = H, a multiple of 4
//   grid     (rows of the bucket)    block 256    shared 64
//   bytes    T * H * 6 (+ weight from the cache)    FLOP  T * H * 4
//   order    one block per row, 256 threads whatever the load; squares summed in a fixed tree
//   test     norm_test
MR_KERNEL __launch_bounds__(NORM_THREADS) mr_norm(const float* __restrict__ hidden,
                                                  const float* __restrict__ weight,
                                                  uint16_t* __restrict__ out,
                                                  const int32_t* __restrict__ step, int32_t width,
                                                  float epsilon) {
  mr_norm_rows(hidden, weight, out, step, width, epsilon);
}
MR_EXPORT(mr_norm)

// The same with out in f32, rounded nowhere but in its own arithmetic. Bytes T * H * 8. Test: norm_test: f32
MR_KERNEL __launch_bounds__(NORM_THREADS) mr_norm_f32(const float* __restrict__ hidden,
                                                      const float* __restrict__ weight, float* __restrict__ out,
                                                      const int32_t* __restrict__ step, int32_t width,
                                                      float epsilon) {
  mr_norm_rows(hidden, weight, out, step, width, epsilon);
}
MR_EXPORT(mr_norm_f32)

// out[i] = norm of hidden[selection[i]], the same bits as mr_norm gives for that row
//
//   hidden   f32 [T, H]    weight   f32 [H]    out   bf16 [S, H]    selection: see step.cuh
//   grid     (selected rows of the bucket)    block 256    shared 64
//   test     norm_test: selected
MR_KERNEL __launch_bounds__(NORM_THREADS) mr_norm_selected(const float* __restrict__ hidden,
                                                           const float* __restrict__ weight,
                                                           uint16_t* __restrict__ out,
                                                           const int32_t* __restrict__ selection,
                                                           int32_t width, float epsilon) {
  mr_norm_selection(hidden, weight, out, selection, width, epsilon);
}
MR_EXPORT(mr_norm_selected)

// The same with out in f32: the bits of mr_norm_f32. Test: norm_test: f32
MR_KERNEL __launch_bounds__(NORM_THREADS) mr_norm_selected_f32(const float* __restrict__ hidden,
                                                               const float* __restrict__ weight,
                                                               float* __restrict__ out,
                                                               const int32_t* __restrict__ selection,
                                                               int32_t width, float epsilon) {
  mr_norm_selection(hidden, weight, out, selection, width, epsilon);
}
MR_EXPORT(mr_norm_selected_f32)

// plain[t] = the bf16 of mr_norm;  scale[t] = max|plain[t]| / 448,  out[t] = e4m3(plain[t] / scale[t]): all the bits
// that mr_norm and after it mr_quantize_rows_fp8 give, without reading the rows again
//
//   hidden   f32 [T, H]    weight   f32 [H]    out   e4m3 [T, H]    scale   f32 [T]
//   plain    bf16 [T, H], or null when nobody needs it (the router does)
//   grid     (rows of the bucket)    block 256    shared 64    width = H, a multiple of 16
//   bytes    T * H * 5, 7 with plain
//   bounds   see MrRowScale for rows of nothing and rows that are no numbers
//   test     norm_test: e4m3
MR_KERNEL __launch_bounds__(NORM_THREADS, 3) mr_norm_e4m3(
    const float* __restrict__ hidden, const float* __restrict__ weight, uint16_t* __restrict__ plain,
    uint8_t* __restrict__ out, float* __restrict__ scale, const int32_t* __restrict__ step, int32_t width,
    float epsilon) {
  MR_SHARED(NormShared, shared);
  const int index = blockIdx.x;
  if (index >= mr_step_rows(step)) return;
  const int64_t start = (int64_t)index * width;
  NormRow row;
  mr_norm_load(row, hidden + start, weight, width);
  mr_norm_scale(row, shared.squares, width, epsilon);
  uint32_t largest = 0;
#pragma unroll
  for (int i = 0; i < NORM_KEPT; i++) {
    const int group = threadIdx.x + i * NORM_THREADS;
    if (group < row.groups) {
      row.kept[i] = mr_norm_rounded(mr_norm_apply(row, row.kept[i], group));
      largest = max(largest, mr_magnitude(row.kept[i]));
    }
  }
  for (int group = threadIdx.x + NORM_KEPT * NORM_THREADS; group < row.groups; group += NORM_THREADS) {
    largest = max(largest, mr_magnitude(mr_norm_rounded(mr_norm_apply(row, row.in[group], group))));
  }
  const MrRowScale how = mr_row_scale(mr_block_largest<NORM_WARPS>(largest, shared.largest));
  uint32_t* to = reinterpret_cast<uint32_t*>(out + start);
  uint2* toPlain = plain == nullptr ? nullptr : reinterpret_cast<uint2*>(plain + start);
  auto store = [&](int group, float4 four) {
    to[group] = mr_quantized(four, how.factor);
    if (toPlain != nullptr) toPlain[group] = mr_norm_pack(four);
  };
#pragma unroll
  for (int i = 0; i < NORM_KEPT; i++) {
    const int group = threadIdx.x + i * NORM_THREADS;
    if (group < row.groups) store(group, row.kept[i]);
  }
  for (int group = threadIdx.x + NORM_KEPT * NORM_THREADS; group < row.groups; group += NORM_THREADS) {
    store(group, mr_norm_rounded(mr_norm_apply(row, row.in[group], group)));
  }
  if (threadIdx.x == 0) scale[index] = how.scale;
}
MR_EXPORT(mr_norm_e4m3)

// Mixture of experts: who computes what. Router logits, choice of experts, rows in expert order.
#include "millrace/device.cuh"

// mr_router_logits: logits[t][e] = sum_k weight[e][k] x[t][k], in f32.
//
//   float* logits           [T, experts]
//   const uint16_t* x       bf16 [T, ldx], 16-byte aligned
//   const float* weight     f32 [experts, k] (mr_convert_f32 makes it), 16-byte aligned
//   const int32_t* rows     T = rows[0]
//   int32 experts           at least 1
//   int32 k                 a multiple of 8, at most ldx
//   int32 ldx               a multiple of 8
//
// Order: lane l of a warp sums k = 8 l .. 8 l + 7, 256 + 8 l .., ascending, by fused multiply-add; then the fixed tree of
// mr_warp_sum. It depends on k alone.
// Launch: grid (ceil(experts / 4), ceil(capacity / 8)), capacity >= T; block 128; no shared memory. A warp has one expert
// and up to eight rows; blocks beyond T leave at once.
// Bytes: T / 8 * experts * k * 4 (L2) + T * k * 2. FLOP: 2 T experts k.
// Test: src/test/cpp/route_test.cpp
constexpr int kMrRouterRows = 8;

/** Eight elements of a row. */
MR_DEVICE void mr_route_load(float (&eight)[8], const uint16_t* x) {
  const uint4 packed = *reinterpret_cast<const uint4*>(x);
  const uint32_t pairs[4] = {packed.x, packed.y, packed.z, packed.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    eight[2 * i] = mr_bf16_to_f32(static_cast<uint16_t>(pairs[i] & 0xffff));
    eight[2 * i + 1] = mr_bf16_to_f32(static_cast<uint16_t>(pairs[i] >> 16));
  }
}
MR_DEVICE void mr_route_load(float (&eight)[8], const float* x) {
#pragma unroll
  for (int half = 0; half < 2; half++) {
    const float4 four = reinterpret_cast<const float4*>(x)[half];
    eight[4 * half] = four.x, eight[4 * half + 1] = four.y, eight[4 * half + 2] = four.z, eight[4 * half + 3] = four.w;
  }
}

/** Logits of R rows for this warp's expert; any R gives a row the same bits. */
template <int R, class X>
MR_DEVICE void mr_route_rows(float* logits, const X* x, const float* weight, int experts, int k, int ldx) {
  const int lane = threadIdx.x & 31;
  float sums[R];
#pragma unroll
  for (int r = 0; r < R; r++) sums[r] = 0.0f;
  for (int column = lane * 8; column < k; column += 256) {
    const float4 low = *reinterpret_cast<const float4*>(weight + column);
    const float4 high = *reinterpret_cast<const float4*>(weight + column + 4);
    const float w[8] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
#pragma unroll
    for (int r = 0; r < R; r++) {
      float eight[8];
      mr_route_load(eight, x + (size_t)r * ldx + column);
#pragma unroll
      for (int i = 0; i < 8; i++) sums[r] = mr_fma(w[i], eight[i], sums[r]);
    }
  }
#pragma unroll
  for (int r = 0; r < R; r++) {
    const float logit = mr_warp_sum(sums[r]);
    if (lane == 0) logits[(size_t)r * experts] = logit;
  }
}

template <class X>
MR_DEVICE void mr_route_block(float* logits, const X* x, const float* weight, const int32_t* rows, int experts, int k,
                              int ldx) {
  const int expert = blockIdx.x * 4 + (threadIdx.x >> 5);
  const int first = blockIdx.y * kMrRouterRows, end = min(first + kMrRouterRows, rows[0]);
  if (first >= end || expert >= experts) return;
  logits += (size_t)first * experts + expert;
  x += (size_t)first * ldx;
  weight += (size_t)expert * k;
  if (end - first == kMrRouterRows) {
    mr_route_rows<kMrRouterRows>(logits, x, weight, experts, k, ldx);
  } else {
    for (int r = 0; r < end - first; r++) {
      mr_route_rows<1>(logits + (size_t)r * experts, x + (size_t)r * ldx, weight, experts, k, ldx);
    }
  }
}

MR_KERNEL __launch_bounds__(128)
    mr_router_logits(float* logits, const uint16_t* x, const float* weight, const int32_t* rows, int32_t experts,
                     int32_t k, int32_t ldx) {
  mr_route_block(logits, x, weight, rows, experts, k, ldx);
}
MR_EXPORT(mr_router_logits)

// mr_router_logits_f32: the same from rows in f32. Bytes: T * k * 4 for the rows. Test: src/test/cpp/route_test.cpp
MR_KERNEL __launch_bounds__(128)
    mr_router_logits_f32(float* logits, const float* x, const float* weight, const int32_t* rows, int32_t experts,
                         int32_t k, int32_t ldx) {
  mr_route_block(logits, x, weight, rows, experts, k, ldx);
}
MR_EXPORT(mr_router_logits_f32)

// mr_route_experts: the topK largest logits of each row (the smaller index wins a tie), their scores, and all rows in
// expert order by a stable counting sort.
//
// Slots: slot t * topK + j is row t's j-th choice; with a shared expert, slot T * topK + t is row t's shared one.
// Sorted rows: first the routed slots by expert and, within an expert, by slot; then the shared slots as the last group.
//
//   int32_t* offsets        [experts + 2] first sorted row of each expert; offsets[experts] = T * topK is the first
//                           shared row, offsets[experts + 1] the end of the shared rows (= T * topK without them)
//   int32_t* source         [sorted rows] row t of each sorted row
//   int32_t* target         [sorted rows] slot of each sorted row
//   float* score            [sorted rows] weight of the row's choice; 1 for shared rows
//   int32_t* choice         [T, topK] scratch: expert of each routed slot
//   float* slotScore        [T, topK] weight of each routed slot, for mr_combine_experts
//   const float* logits     [T, experts]
//   const int32_t* rows     T = rows[0], 0 .. 16384
//   int32 experts           1 .. 512
//   int32 topK              1 .. 16, at most experts
//   int32 shared            1: there is a shared expert, 0: there is none
//   int32 rule              weight of a choice with logit l:
//                             0  sigmoid(l) = 1 / (1 + exp(-l))
//                             1  exp(l - m) / sum of exp(l' - m) over all experts, m the largest logit
//                             2  the same over the chosen experts only: rule 1, divided by the sum of the chosen
//
// A logit that is not a number ranks below all others.
// Sums: over the chosen in the order of their choice; over all, lane l those of experts l, l + 32, .. ascending, then
// the fixed tree of mr_warp_sum.
// Launch: grid 1; block: 32 to 1024 threads in whole warps, e.g. 32 per row up to 1024; the result does not depend on it.
// Dynamic shared bytes: 4 * (block / 32 * experts + experts + 1).
// Positions come from prefix sums, never from atomics: a warp counts and later places a contiguous range of slots.
// Bytes: T * experts * 4 + about 40 * T * topK.
// Test: src/test/cpp/route_test.cpp
constexpr int kMrExpertsMax = 512;
constexpr int kMrTopKMax = 16;
constexpr int kMrRuleSigmoid = 0, kMrRuleSoftmaxOfAll = 1;

/** Best expert for one row among those of this lane's that are not taken; all lanes get the warp's winner. */
template <int OF_LANE>
MR_DEVICE void mr_best_expert(const float (&mine)[OF_LANE], uint32_t taken, int experts, float& best, int& expert) {
  const int lane = threadIdx.x & 31;
  // above every index; an expert is better if its logit is larger, or equal at a smaller index, or if there is none yet
  expert = kMrExpertsMax;
  best = 0.0f;
#pragma unroll
  for (int i = 0; i < OF_LANE; i++) {
    const int candidate = lane + 32 * i;
    if (candidate >= experts || (taken >> i & 1)) continue;
    if (expert == kMrExpertsMax || mine[i] > best) {
      best = mine[i];
      expert = candidate;
    }
  }
#pragma unroll
  for (int step = 16; step; step >>= 1) {
    const float otherBest = __shfl_xor_sync(MR_ALL_LANES, best, step);
    const int other = __shfl_xor_sync(MR_ALL_LANES, expert, step);
    if (other == kMrExpertsMax) continue;
    if (expert == kMrExpertsMax || otherBest > best || (otherBest == best && other < expert)) {
      best = otherBest;
      expert = other;
    }
  }
}

/** Choices of one row and their weights, by one warp; a lane has the experts lane, lane + 32, .. */
template <int OF_LANE>
MR_DEVICE void mr_choose_experts(int32_t* choice, float* weight, const float* logits, int experts, int topK, int rule) {
  const int lane = threadIdx.x & 31;
  float mine[OF_LANE];
#pragma unroll
  for (int i = 0; i < OF_LANE; i++) {
    const float logit = lane + 32 * i < experts ? logits[lane + 32 * i] : 0.0f;
    mine[i] = logit == logit ? logit : mr_as_f32(0xff800000u);
  }
  uint32_t taken = 0;
  float largest = 0.0f, sum = 0.0f, kept = 0.0f;
  for (int j = 0; j < topK; j++) {
    float best;
    int expert;
    mr_best_expert<OF_LANE>(mine, taken, experts, best, expert);
    if ((expert & 31) == lane) taken |= 1u << (expert >> 5);
    if (lane == 0) choice[j] = expert;
    if (j == 0) largest = best;
    if (lane == j) kept = best;
    sum = mr_add(sum, mr_exp(mr_add(best, -largest)));
  }
  if (rule == kMrRuleSigmoid) {
    if (lane < topK) weight[lane] = 1.0f / (1.0f + mr_exp(-kept));
    return;
  }
  if (rule == kMrRuleSoftmaxOfAll) {
    float own = 0.0f;
#pragma unroll
    for (int i = 0; i < OF_LANE; i++) {
      if (lane + 32 * i < experts) own = mr_add(own, mr_exp(mr_add(mine[i], -largest)));
    }
    sum = mr_warp_sum(own);
  }
  if (lane < topK) weight[lane] = mr_exp(mr_add(kept, -largest)) / sum;
}

MR_KERNEL __launch_bounds__(1024)
    mr_route_experts(int32_t* offsets, int32_t* source, int32_t* target, float* score, int32_t* choice,
                     float* slotScore, const float* logits, const int32_t* rows, int32_t experts, int32_t topK,
                     int32_t shared, int32_t rule) {
  MR_SHARED(int32_t, words);
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  const int count = rows[0], slots = count * topK;
  int32_t* const next = &words;                    // [warps][experts] rows of an expert in a warp's range, then where
                                                   // the range's next one goes
  int32_t* const first = next + warps * experts;  // [experts + 1]
  MR_CHECK(experts <= kMrExpertsMax && topK <= kMrTopKMax);

  // 1. choices, one warp a row
  for (int row = warp; row < count; row += warps) {
    const float* of_row = logits + (size_t)row * experts;
    if (experts <= 128) {
      mr_choose_experts<4>(choice + row * topK, slotScore + row * topK, of_row, experts, topK, rule);
    } else {
      mr_choose_experts<kMrExpertsMax / 32>(choice + row * topK, slotScore + row * topK, of_row, experts, topK, rule);
    }
  }
  for (int i = threadIdx.x; i < warps * experts; i += blockDim.x) next[i] = 0;
  __syncthreads();

  // 2. each warp counts its range of slots
  const int range = ((slots + warps - 1) / warps + 31) / 32 * 32;
  const int begin = min(slots, warp * range), end = min(slots, begin + range);
  for (int base = begin; base < end; base += 32) {
    const int slot = base + lane;
    const int expert = slot < end ? choice[slot] : -1;
    const uint32_t same = __match_any_sync(MR_ALL_LANES, expert);
    if (expert >= 0 && (same & ((1u << lane) - 1)) == 0) next[warp * experts + expert] += __popc(same);
    __syncwarp();
  }
  __syncthreads();

  // 3. first sorted row of each expert, and of each warp's range in it
  if (warp == 0) {
    int before = 0;
    for (int base = 0; base < experts; base += 32) {
      const int expert = base + lane;
      int mine = 0;
      if (expert < experts) {
        for (int w = 0; w < warps; w++) mine += next[w * experts + expert];
      }
      int sum = mine;
#pragma unroll
      for (int step = 1; step < 32; step *= 2) {
        const int other = __shfl_up_sync(MR_ALL_LANES, sum, step);
        if (lane >= step) sum += other;
      }
      if (expert < experts) {
        first[expert] = before + sum - mine;
        int at = before + sum - mine;
        for (int w = 0; w < warps; w++) {
          const int here = next[w * experts + expert];
          next[w * experts + expert] = at;
          at += here;
        }
      }
      before += __shfl_sync(MR_ALL_LANES, sum, 31);
    }
  }
  __syncthreads();
  for (int e = threadIdx.x; e < experts; e += blockDim.x) offsets[e] = first[e];
  if (threadIdx.x == 0) {
    offsets[experts] = slots;
    offsets[experts + 1] = slots + (shared ? count : 0);
  }

  // 4. each warp places its range, 32 slots at a time in slot order
  for (int base = begin; base < end; base += 32) {
    const int slot = base + lane;
    const int expert = slot < end ? choice[slot] : -1;
    const uint32_t same = __match_any_sync(MR_ALL_LANES, expert);
    const int rank = __popc(same & ((1u << lane) - 1));
    if (expert >= 0) {
      const int at = next[warp * experts + expert] + rank;
      source[at] = slot / topK;
      target[at] = slot;
      score[at] = slotScore[slot];
    }
    __syncwarp();
    if (expert >= 0 && rank == 0) next[warp * experts + expert] += __popc(same);
    __syncwarp();
  }
  if (shared) {
    for (int row = threadIdx.x; row < count; row += blockDim.x) {
      source[slots + row] = row;
      target[slots + row] = slots + row;
      score[slots + row] = 1.0f;
    }
  }
}
MR_EXPORT(mr_route_experts)

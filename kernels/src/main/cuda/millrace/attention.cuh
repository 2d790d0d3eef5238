// The arithmetic of attention, once, for mr_attend (a block walks all keys of 64 rows) and mr_attend_split
// (a block walks 512 keys of 16 rows). A row's bits do not depend on which of the two computed it, on the
// rows beside it, on the block table, or on how its prompt was cut into steps:
//
//   * a row is one (token, query head); the heads of a group share a key-value head, so rows are packed:
//     row p of a run and key-value head is token p / G, head p % G of the group;
//   * keys are taken in tiles of 64 at absolute multiples of 64, in rising order, with a running maximum;
//     a score is one chain of mma over D, in rising order;
//   * probabilities are rounded to bf16 before they weigh values; their sum is the product with a column of
//     ones, so that it is the same chain of mma as the weighted values, wherever a row lies among threads;
//   * at absolute multiples of 512 keys the running state is folded into the row's total, in rising order;
//   * a tile or split that a row cannot see changes nothing: its factor is exp2(0) = 1, its weights are 0.
//     Zero may change its sign on the way, so the result's zero is made positive.
#pragma once

#include "millrace/device.cuh"
#include "millrace/step.cuh"

constexpr int MR_ATTEND_THREADS = 128;
constexpr int MR_TILE_KEYS = 64;
constexpr int MR_SPLIT_KEYS = 512;
constexpr int MR_SPLIT_TILES = MR_SPLIT_KEYS / MR_TILE_KEYS;
constexpr float MR_NOTHING_SEEN = -INFINITY;

// log2(e) / sqrt(D)
template <int D>
constexpr float MR_SCORE_SCALE = D == 64 ? 0.18033688f : 0.12751742f;

// Rows of shared matrices are 16 bytes longer than D, so that ldmatrix meets 32 different banks.
template <int D>
struct MrKvStages {
  uint16_t keys[2][MR_TILE_KEYS][D + 8];
  uint16_t values[2][MR_TILE_KEYS][D + 8];
  int64_t offsets[2][MR_TILE_KEYS];
};

// What a block reads: positions low .. high of one sequence and key-value head.
struct MrKvSource {
  const uint16_t* layer;
  const int32_t* table;
  int64_t headOffset;   // elements
  int64_t blockStride;  // elements of keys and values of one block
  int64_t valueOffset;  // elements from a key to its value
  int blockTokens, low, high;
};

template <int D>
MR_DEVICE MrKvSource mr_kv_source(const uint16_t* layer, const int32_t* table, int kvHeads, int kvHead,
                                  int blockTokens, int low, int high) {
  const int64_t head = (int64_t)blockTokens * D;
  return {layer, table, kvHead * head, 2 * kvHeads * head, kvHeads * head, blockTokens, low, high};
}

// Where the key of a position lies, or -1 if no row of the block sees it: it is then read as zeros, since
// what lies there may never have been written, and nothing times an infinity is not nothing.
template <int D>
MR_DEVICE int64_t mr_kv_offset(const MrKvSource& source, int position) {
  if (position < source.low || position > source.high) return -1;
  const int block = source.table[(unsigned)position / (unsigned)source.blockTokens];
  const int slot = (unsigned)position % (unsigned)source.blockTokens;
  return block * source.blockStride + source.headOffset + (int64_t)slot * D;
}

// Starts the copy of the tile whose offsets are in `stage`. All threads; one cp.async group.
template <int D>
MR_DEVICE void mr_kv_load(const MrKvSource& source, MrKvStages<D>& shared, int stage) {
  constexpr int CHUNKS = D / 8, STEP = MR_ATTEND_THREADS / CHUNKS;
  const int chunk = threadIdx.x % CHUNKS * 8;
#pragma unroll
  for (int i = 0; i < MR_TILE_KEYS / STEP; i++) {
    const int key = i * STEP + threadIdx.x / CHUNKS;
    const int64_t offset = shared.offsets[stage][key];
    const bool seen = offset >= 0;
    const uint16_t* from = source.layer + (seen ? offset : 0) + chunk;
    mr_cp_async16(&shared.keys[stage][key][chunk], from, seen);
    mr_cp_async16(&shared.values[stage][key][chunk], from + (seen ? source.valueOffset : 0), seen);
  }
  mr_cp_async_commit();
}

// Positions that a row sees; a row that does not exist sees none.
struct MrSight {
  int first, last;
};

MR_DEVICE MrSight mr_sight(const MrStepRun& run, int group, int packedRow, int visible) {
  if (packedRow >= run.rows * group) return {0, -1};
  const int position = run.firstPosition + packedRow / group;
  return {mr_first_seen(position, visible), position};
}

// Starts the copy of q of packed rows firstPacked .. + rows - 1; missing rows become zeros.
template <int D>
MR_DEVICE void mr_query_load(uint16_t (*shared)[D + 8], const uint16_t* queries, const MrStepRun& run,
                             int queryHeads, int group, int kvHead, int firstPacked, int rows) {
  constexpr int CHUNKS = D / 8, STEP = MR_ATTEND_THREADS / CHUNKS;
  const int chunk = threadIdx.x % CHUNKS * 8;
  for (int row = threadIdx.x / CHUNKS; row < rows; row += STEP) {
    const int packed = firstPacked + row;
    const bool exists = packed < run.rows * group;
    const int token = exists ? run.firstRow + packed / group : 0;
    const int head = exists ? kvHead * group + packed % group : 0;
    mr_cp_async16(&shared[row][chunk], queries + ((int64_t)token * queryHeads + head) * D + chunk, exists);
  }
  mr_cp_async_commit();
}

template <int D>
MR_DEVICE void mr_query_fragments(uint32_t (&fragments)[D / 16][4], const uint16_t (*rows)[D + 8]) {
  const int lane = threadIdx.x & 31;
#pragma unroll
  for (int step = 0; step < D / 16; step++) {
    mr_ldmatrix_x4(fragments[step], &rows[lane & 15][step * 16 + (lane >> 4) * 8]);
  }
}

// Scores of the warp's 16 rows with 8 * N keys of a tile, from key firstKey on.
template <int D, int N>
MR_DEVICE void mr_scores(float (&scores)[N][4], const uint32_t (&queries)[D / 16][4],
                         const uint16_t (*keys)[D + 8], int firstKey) {
  const int lane = threadIdx.x & 31;
  const uint16_t(*rows)[D + 8] = keys + firstKey + (lane & 7) + ((lane >> 4) << 3);
  const int column = (lane >> 3 & 1) * 8;
#pragma unroll
  for (int n = 0; n < N; n += 2) {
#pragma unroll
    for (int i = 0; i < 4; i++) scores[n][i] = scores[n + 1][i] = 0;
#pragma unroll
    for (int step = 0; step < D / 16; step++) {
      uint32_t both[4];
      mr_ldmatrix_x4(both, &rows[n * 8][step * 16 + column]);
      const uint32_t left[2] = {both[0], both[1]}, right[2] = {both[2], both[3]};
      mr_mma_bf16_16816(scores[n], queries[step], left);
      mr_mma_bf16_16816(scores[n + 1], queries[step], right);
    }
  }
}

// A thread's two rows of the warp's 16: lane / 4 and lane / 4 + 8.
template <int N>
MR_DEVICE void mr_mask(float (&scores)[N][4], int firstPosition, const MrSight (&sights)[2]) {
  const int lane = threadIdx.x & 31;
#pragma unroll
  for (int n = 0; n < N; n++) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const int position = firstPosition + n * 8 + (lane & 3) * 2 + (i & 1);
      if (position < sights[i >> 1].first || position > sights[i >> 1].last) scores[n][i] = MR_NOTHING_SEEN;
    }
  }
}

// Largest score of each of the thread's rows among the warp's keys.
template <int N>
MR_DEVICE void mr_largest(float (&largest)[2], const float (&scores)[N][4]) {
#pragma unroll
  for (int r = 0; r < 2; r++) {
    float top = mr_max(scores[0][2 * r], scores[0][2 * r + 1]);
#pragma unroll
    for (int n = 1; n < N; n++) top = mr_max(top, mr_max(scores[n][2 * r], scores[n][2 * r + 1]));
    top = mr_max(top, __shfl_xor_sync(MR_ALL_LANES, top, 1));
    largest[r] = mr_max(top, __shfl_xor_sync(MR_ALL_LANES, top, 2));
  }
}

// Running state of a thread's two rows within a split: the largest score so far, the sum of weights (its
// four elements as mma leaves them; columns are equal) and 8 * N columns of weighted values.
template <int N>
struct MrRunning {
  float largest[2];
  float sum[4];
  float values[N][4];
};

template <int N>
MR_DEVICE void mr_running_clear(MrRunning<N>& running) {
  running.largest[0] = running.largest[1] = MR_NOTHING_SEEN;
#pragma unroll
  for (int i = 0; i < 4; i++) running.sum[i] = 0;
#pragma unroll
  for (int n = 0; n < N; n++) {
#pragma unroll
    for (int i = 0; i < 4; i++) running.values[n][i] = 0;
  }
}

// Takes a tile's largest scores into the state; gives what is to be subtracted from each row's scores.
template <int D, int N>
MR_DEVICE void mr_running_raise(MrRunning<N>& running, const float (&largest)[2], float (&base)[2]) {
#pragma unroll
  for (int r = 0; r < 2; r++) {
    const float top = mr_max(running.largest[r], largest[r]);
    base[r] = top == MR_NOTHING_SEEN ? 0.0f : top;
    const float shrink = mr_exp2(mr_mul(mr_add(running.largest[r], -base[r]), MR_SCORE_SCALE<D>));
    running.largest[r] = top;
#pragma unroll
    for (int i = 2 * r; i < 2 * r + 2; i++) running.sum[i] = mr_mul(running.sum[i], shrink);
#pragma unroll
    for (int n = 0; n < N; n++) {
#pragma unroll
      for (int i = 2 * r; i < 2 * r + 2; i++) running.values[n][i] = mr_mul(running.values[n][i], shrink);
    }
  }
}

template <int D>
MR_DEVICE float mr_weight(float score, float base) {
  return mr_exp2(mr_fma(score, MR_SCORE_SCALE<D>, -mr_mul(base, MR_SCORE_SCALE<D>)));
}

// Adds 16 keys, whose weights are `weights`, to the sum and to 8 * N columns from firstColumn on.
template <int D, int N>
MR_DEVICE void mr_running_add(MrRunning<N>& running, const uint32_t (&weights)[4],
                              const uint16_t (*values)[D + 8], int firstKey, int firstColumn) {
  const int lane = threadIdx.x & 31;
  const uint32_t ones[2] = {0x3f803f80u, 0x3f803f80u};
  mr_mma_bf16_16816(running.sum, weights, ones);
  const uint16_t(*rows)[D + 8] = values + firstKey + (lane & 15);
  const int column = firstColumn + (lane >> 4) * 8;
#pragma unroll
  for (int n = 0; n < N; n += 2) {
    uint32_t both[4];
    mr_ldmatrix_x4_trans(both, &rows[0][column + n * 8]);
    const uint32_t left[2] = {both[0], both[1]}, right[2] = {both[2], both[3]};
    mr_mma_bf16_16816(running.values[n], weights, left);
    mr_mma_bf16_16816(running.values[n + 1], weights, right);
  }
}

// How a split's state goes into a row's total: total = total * before + split * now.
struct MrFold {
  float largest, before, now;
};

template <int D>
MR_DEVICE MrFold mr_fold(float total, float split) {
  if (split == MR_NOTHING_SEEN) return {total, 1.0f, 0.0f};
  const float largest = mr_max(total, split);
  return {largest, mr_exp2(mr_mul(mr_add(total, -largest), MR_SCORE_SCALE<D>)),
          mr_exp2(mr_mul(mr_add(split, -largest), MR_SCORE_SCALE<D>))};
}

MR_DEVICE float mr_folded(const MrFold& fold, float total, float split) {
  return mr_fma(total, fold.before, mr_mul(split, fold.now));
}

MR_DEVICE float mr_attended(float value, float inverseSum) {
  const float result = mr_mul(value, inverseSum);
  return result == 0.0f ? 0.0f : result;
}

// Element of the output at which a packed row's head begins.
template <int D>
MR_DEVICE int64_t mr_attended_at(const MrStepRun& run, int queryHeads, int group, int kvHead, int packedRow) {
  const int64_t token = run.firstRow + packedRow / group;
  return (token * queryHeads + kvHead * group + packedRow % group) * D;
}

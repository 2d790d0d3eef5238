// Attention of long runs: prompts. One block walks all keys of 64 packed rows.
#include "millrace/attention.cuh"
#include "millrace/device.cuh"
#include "millrace/step.cuh"

namespace {
constexpr int LONG_ROWS = 64;
constexpr int LONG_BLOCKS_64 = 4;  // of a multiprocessor: 128 registers a thread

template <int D>
struct LongShared {
  MrKvStages<D> kv;
  union {
    uint16_t queries[LONG_ROWS][D + 8];
    float totals[D / 2][MR_ATTEND_THREADS];  // a thread's own elements of its rows' totals
  };
};

struct LongTile {
  MrStepRun run;
  int firstPacked;
  bool exists;
};

// Tile number `index` of the long runs, counted run by run; later rows first, since they have more keys to
// walk. Every warp finds it by itself, 32 runs at a time.
MR_DEVICE LongTile mr_long_tile(const int32_t* step, int rowCapacity, int group, int index) {
  const int lane = threadIdx.x & 31;
  const int runs = mr_step_long_runs(step);
  int before = 0;
  for (int base = 0; base < runs; base += 32) {
    int tiles = 0, which = 0;
    if (base + lane < runs) {
      which = mr_step_long_run(step, rowCapacity, base + lane);
      tiles = (mr_step_run(step, rowCapacity, which).rows * group + LONG_ROWS - 1) / LONG_ROWS;
    }
    int upTo = tiles;  // of this run and the 32-group's runs before it
#pragma unroll
    for (int apart = 1; apart < 32; apart *= 2) {
      const int other = __shfl_up_sync(MR_ALL_LANES, upTo, apart);
      if (lane >= apart) upTo += other;
    }
    const uint32_t beyond = __ballot_sync(MR_ALL_LANES, index < before + upTo);
    if (beyond != 0) {
      const int owner = __ffs(beyond) - 1;
      const int end = before + __shfl_sync(MR_ALL_LANES, upTo, owner);
      which = __shfl_sync(MR_ALL_LANES, which, owner);
      return {mr_step_run(step, rowCapacity, which), (end - 1 - index) * LONG_ROWS, true};
    }
    before += __shfl_sync(MR_ALL_LANES, upTo, 31);
  }
  return {{}, 0, false};
}

// A row's total over the splits before, in shared memory but for the largest score and the sum.
struct LongTotal {
  float largest[2], sum[2];
  bool any;
};

// Folds the split's state into the total; the last fold leaves the result in the state instead.
template <int D>
MR_DEVICE void mr_long_fold(LongTotal& total, MrRunning<D / 8>& running, float (*totals)[MR_ATTEND_THREADS],
                            bool last) {
  const int thread = threadIdx.x;
  MrFold fold[2];
#pragma unroll
  for (int r = 0; r < 2; r++) {
    fold[r] = mr_fold<D>(total.largest[r], running.largest[r]);
    total.largest[r] = fold[r].largest;
    total.sum[r] = mr_folded(fold[r], total.sum[r], running.sum[2 * r]);
  }
#pragma unroll
  for (int n = 0; n < D / 8; n++) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const float before = total.any ? totals[4 * n + i][thread] : 0.0f;
      running.values[n][i] = mr_folded(fold[i >> 1], before, running.values[n][i]);
      if (!last) totals[4 * n + i][thread] = running.values[n][i];
    }
  }
  total.any = true;
}

// One tile of keys for one warp. `sights` are the thread's rows, `warp` what all of the warp's rows see
// together: first of the first row, last of the last row; `inside`: the same for "every row sees it".
template <int D>
MR_DEVICE void mr_long_tile_step(MrRunning<D / 8>& running, const uint32_t (&queries)[D / 16][4],
                                 const MrKvStages<D>& kv, int stage, int firstPosition,
                                 const MrSight (&sights)[2], bool whole) {
  float scores[MR_TILE_KEYS / 8][4], largest[2], base[2];
  mr_scores<D>(scores, queries, kv.keys[stage], 0);
  if (!whole) mr_mask(scores, firstPosition, sights);
  mr_largest(largest, scores);
  mr_running_raise<D>(running, largest, base);
#pragma unroll
  for (int k = 0; k < MR_TILE_KEYS / 16; k++) {
    uint32_t weights[4];
#pragma unroll
    for (int i = 0; i < 4; i++) {
      const float(&pair)[4] = scores[2 * k + (i >> 1)];
      const int r = i & 1;
      weights[i] = mr_pack_bf16(mr_weight<D>(pair[2 * r], base[r]), mr_weight<D>(pair[2 * r + 1], base[r]));
    }
    mr_running_add<D>(running, weights, kv.values[stage], 16 * k, 0);
  }
}

template <int D>
MR_DEVICE void mr_attend_long(const uint16_t* queries, const uint16_t* layer, uint16_t* out,
                              const int32_t* step, int rowCapacity, int queryHeads, int kvHeads,
                              int blockTokens, int visible) {
  MR_SHARED(LongShared<D>, shared);
  const int group = queryHeads / kvHeads, kvHead = blockIdx.y;
  const LongTile tile = mr_long_tile(step, rowCapacity, group, blockIdx.x);
  if (!tile.exists) return;
  const int thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
  const MrStepRun& run = tile.run;
  const int packedRows = run.rows * group;
  const int lastPacked = min(tile.firstPacked + LONG_ROWS, packedRows) - 1;
  const int low = mr_sight(run, group, tile.firstPacked, visible).first;
  const int high = mr_sight(run, group, lastPacked, visible).last;
  const MrKvSource source =
      mr_kv_source<D>(layer, step + run.table, kvHeads, kvHead, blockTokens, low, high);
  const int firstTile = low / MR_TILE_KEYS, lastTile = high / MR_TILE_KEYS;

  mr_query_load<D>(shared.queries, queries, run, queryHeads, group, kvHead, tile.firstPacked, LONG_ROWS);
  if (thread < MR_TILE_KEYS) shared.kv.offsets[0][thread] = mr_kv_offset<D>(source, firstTile * MR_TILE_KEYS + thread);
  __syncthreads();
  mr_kv_load<D>(source, shared.kv, 0);
  if (thread < MR_TILE_KEYS) {
    shared.kv.offsets[1][thread] = mr_kv_offset<D>(source, (firstTile + 1) * MR_TILE_KEYS + thread);
  }
  mr_cp_async_wait<1>();
  __syncthreads();
  uint32_t fragments[D / 16][4];
  mr_query_fragments<D>(fragments, shared.queries + warp * 16);

  const int warpFirst = tile.firstPacked + warp * 16, warpLast = min(warpFirst + 15, packedRows - 1);
  const bool warpHasRows = warpFirst <= warpLast;
  const MrSight firstSight = mr_sight(run, group, warpFirst, visible);
  const MrSight lastSight = mr_sight(run, group, warpHasRows ? warpLast : warpFirst, visible);
  MrSight sights[2];
  for (int r = 0; r < 2; r++) sights[r] = mr_sight(run, group, warpFirst + lane / 4 + 8 * r, visible);

  MrRunning<D / 8> running;
  mr_running_clear(running);
  LongTotal total = {{MR_NOTHING_SEEN, MR_NOTHING_SEEN}, {0, 0}, false};
  for (int at = firstTile; at <= lastTile; at++) {
    const int stage = (at - firstTile) & 1;
    mr_cp_async_wait<0>();
    __syncthreads();  // the tile is here for all, and all have left the other stage
    if (at < lastTile) mr_kv_load<D>(source, shared.kv, stage ^ 1);
    const int64_t offset =
        thread < MR_TILE_KEYS ? mr_kv_offset<D>(source, (at + 2) * MR_TILE_KEYS + thread) : -1;
    const int first = at * MR_TILE_KEYS, last = first + MR_TILE_KEYS - 1;
    if (warpHasRows && first <= lastSight.last && last >= firstSight.first) {
      const bool whole = last <= firstSight.last && first >= lastSight.first;
      mr_long_tile_step<D>(running, fragments, shared.kv, stage, first, sights, whole);
    }
    if (thread < MR_TILE_KEYS) shared.kv.offsets[stage][thread] = offset;
    const bool splitEnds = (at + 1) % MR_SPLIT_TILES == 0;
    if (splitEnds || at == lastTile) {
      mr_long_fold<D>(total, running, shared.totals, at == lastTile);
      if (at < lastTile) mr_running_clear(running);
    }
  }
#pragma unroll
  for (int r = 0; r < 2; r++) {
    const int packed = warpFirst + lane / 4 + 8 * r;
    if (packed >= packedRows) continue;
    const float inverse = 1.0f / total.sum[r];
    uint32_t* to = reinterpret_cast<uint32_t*>(
        out + mr_attended_at<D>(run, queryHeads, group, kvHead, packed));
#pragma unroll
    for (int n = 0; n < D / 8; n++) {
      to[n * 4 + (lane & 3)] = mr_pack_bf16(mr_attended(running.values[n][2 * r], inverse),
                                            mr_attended(running.values[n][2 * r + 1], inverse));
    }
  }
}
}  // namespace

// out[t] = softmax(q[t] k^T / sqrt(D)) v for the long runs of the step, over the positions of the row's own
// sequence from the start of its chunk or window (visible; 0: from position 0) up to its own.
//
//   queries  bf16 [T, Q * D], as mr_rotate_store leaves it      out   bf16 [T, Q * D]
//   layer    bf16, this layer's part of the cache: [block][2 (k, v)][K][blockTokens][D]
//   rows     packed: 64 rows of a block are (token, head of the group) of one run and one key-value head, so
//            keys and values are read once for a group. Any group size, blockTokens and visible
//   grid     (tiles, K): at least sum over long runs of ceil(rows * Q / K / 64) tiles, for which
//            floor(T * Q / K / 64) + longRuns is enough; further blocks leave at once
//   block    128    shared  mr_attend_64: 54272, mr_attend_128: 103424 (above 48 KiB: ask for it); four blocks of
//            mr_attend_64 fit on a multiprocessor of 9.0 and 10.0, if registers let them
//   FLOP     4 * D per row and visible key    bytes   4 * D per visible key, K and block, mostly from L2
//   order    see attention.cuh: the bits of mr_attend_split + mr_attend_merge
//   test     attend_test
MR_KERNEL __launch_bounds__(MR_ATTEND_THREADS, LONG_BLOCKS_64) mr_attend_64(
    const uint16_t* __restrict__ queries, const uint16_t* __restrict__ layer, uint16_t* __restrict__ out,
    const int32_t* __restrict__ step, int32_t rowCapacity, int32_t queryHeads, int32_t kvHeads,
    int32_t blockTokens, int32_t visible) {
  mr_attend_long<64>(queries, layer, out, step, rowCapacity, queryHeads, kvHeads, blockTokens, visible);
}
MR_EXPORT(mr_attend_64)

// The same for D = 128.
MR_KERNEL __launch_bounds__(MR_ATTEND_THREADS) mr_attend_128(
    const uint16_t* __restrict__ queries, const uint16_t* __restrict__ layer, uint16_t* __restrict__ out,
    const int32_t* __restrict__ step, int32_t rowCapacity, int32_t queryHeads, int32_t kvHeads,
    int32_t blockTokens, int32_t visible) {
  mr_attend_long<128>(queries, layer, out, step, rowCapacity, queryHeads, kvHeads, blockTokens, visible);
}
MR_EXPORT(mr_attend_128)

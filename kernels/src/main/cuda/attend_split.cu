// Attention of short runs: decoding, and the few tokens of a branch behind a long prefix. Many blocks share
// the keys of a row: one per split of 512 keys, whose partial results are merged in rising order.
#include "millrace/attention.cuh"
#include "millrace/device.cuh"
#include "millrace/step.cuh"

namespace {
constexpr int SPLIT_ROWS = 16;  // packed rows of a block: those of one mma
constexpr int SPLIT_WARPS = MR_ATTEND_THREADS / 32;
constexpr int SPLIT_WARP_KEYS = MR_TILE_KEYS / SPLIT_WARPS;
static_assert(SPLIT_WARP_KEYS == 16, "a warp scores two groups of eight keys");

template <int D>
struct SplitShared {
  MrKvStages<D> kv;
  uint16_t queries[SPLIT_ROWS][D + 8];
  uint32_t weights[SPLIT_ROWS][MR_TILE_KEYS / 2 + 4];  // pairs of keys
  float largest[SPLIT_WARPS][SPLIT_ROWS];
};

// The 16 packed rows a block works on, and the splits they see together.
struct ShortTile {
  int firstPacked, packedRows, low, high;
};

MR_DEVICE ShortTile mr_short_tile(const MrStepRun& run, int group, int tile, int visible) {
  const int first = tile * SPLIT_ROWS, packedRows = run.rows * group;
  const int last = min(first + SPLIT_ROWS, packedRows) - 1;
  return {first, packedRows, mr_sight(run, group, first, visible).first,
          mr_sight(run, group, last, visible).last};
}

// Index of a partial result: [K][partialCapacity * G]; within a run split after split.
MR_DEVICE int64_t mr_partial_at(const MrStepRun& run, int group, int kvHead, int partialCapacity, int split,
                                int packedRow) {
  const int64_t pair = run.partials + (int64_t)split * run.rows;
  MR_CHECK(pair + run.rows <= partialCapacity);
  return ((int64_t)kvHead * partialCapacity + pair) * group + packedRow;
}

// One tile of keys: every warp scores 16 keys, all exchange their largest scores and weights, then every warp
// adds up its own quarter of the columns.
template <int D>
MR_DEVICE void mr_split_tile_step(MrRunning<D / 32>& running, const uint32_t (&queries)[D / 16][4],
                                  SplitShared<D>& shared, int stage, int firstPosition,
                                  const MrSight (&sights)[2]) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, row = lane / 4;
  float scores[2][4], largest[2], base[2];
  mr_scores<D>(scores, queries, shared.kv.keys[stage], warp * SPLIT_WARP_KEYS);
  mr_mask(scores, firstPosition + warp * SPLIT_WARP_KEYS, sights);
  mr_largest(largest, scores);
  if ((lane & 3) == 0) {
    shared.largest[warp][row] = largest[0];
    shared.largest[warp][row + 8] = largest[1];
  }
  __syncthreads();
#pragma unroll
  for (int other = 0; other < SPLIT_WARPS; other++) {
    largest[0] = mr_max(largest[0], shared.largest[other][row]);
    largest[1] = mr_max(largest[1], shared.largest[other][row + 8]);
  }
  mr_running_raise<D>(running, largest, base);
#pragma unroll
  for (int n = 0; n < 2; n++) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
      shared.weights[row + 8 * r][warp * (SPLIT_WARP_KEYS / 2) + 4 * n + (lane & 3)] =
          mr_pack_bf16(mr_weight<D>(scores[n][2 * r], base[r]), mr_weight<D>(scores[n][2 * r + 1], base[r]));
    }
  }
  __syncthreads();
#pragma unroll
  for (int k = 0; k < MR_TILE_KEYS / 16; k++) {
    uint32_t weights[4];
    mr_ldmatrix_x4(weights, &shared.weights[lane & 15][8 * k + (lane >> 4) * 4]);
    mr_running_add<D>(running, weights, shared.kv.values[stage], 16 * k, warp * (D / SPLIT_WARPS));
  }
}

// Starts the copy of a split's first tile.
template <int D>
MR_DEVICE void mr_split_begin(SplitShared<D>& shared, const MrKvSource& source, int firstTile) {
  const int thread = threadIdx.x;
  __syncthreads();  // all have left the stages of the split before
  if (thread < MR_TILE_KEYS) {
    shared.kv.offsets[0][thread] = mr_kv_offset<D>(source, firstTile * MR_TILE_KEYS + thread);
    shared.kv.offsets[1][thread] = mr_kv_offset<D>(source, (firstTile + 1) * MR_TILE_KEYS + thread);
  }
  __syncthreads();
  mr_kv_load<D>(source, shared.kv, 0);
}

// The state of 16 rows after one split's keys, whose first tile is on its way.
template <int D>
MR_DEVICE void mr_split_walk(MrRunning<D / 32>& running, SplitShared<D>& shared, const MrKvSource& source,
                             const uint32_t (&fragments)[D / 16][4], const MrSight (&sights)[2], int firstTile,
                             int lastTile) {
  const int thread = threadIdx.x;
  mr_running_clear(running);
  for (int at = firstTile; at <= lastTile; at++) {
    const int stage = (at - firstTile) & 1;
    mr_cp_async_wait<0>();
    __syncthreads();  // the tile is here for all, and all have left the other stage
    if (at < lastTile) mr_kv_load<D>(source, shared.kv, stage ^ 1);
    const int64_t offset =
        thread < MR_TILE_KEYS ? mr_kv_offset<D>(source, (at + 2) * MR_TILE_KEYS + thread) : -1;
    mr_split_tile_step<D>(running, fragments, shared, stage, at * MR_TILE_KEYS, sights);
    if (thread < MR_TILE_KEYS) shared.kv.offsets[stage][thread] = offset;
  }
}

template <int D>
MR_DEVICE void mr_attend_short(const uint16_t* queries, const uint16_t* layer, uint16_t* out, float* partials,
                               float* statistics, const int32_t* step, int rowCapacity, int partialCapacity,
                               int queryHeads, int kvHeads, int blockTokens, int visible) {
  MR_SHARED(SplitShared<D>, shared);
  if ((int)blockIdx.x >= mr_step_short_runs(step)) return;
  const int group = queryHeads / kvHeads, kvHead = blockIdx.y % kvHeads;
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  const MrStepRun run = mr_step_run(step, rowCapacity, mr_step_short_run(step, rowCapacity, blockIdx.x));
  for (int index = blockIdx.y / kvHeads; index * SPLIT_ROWS < run.rows * group; index += gridDim.y / kvHeads) {
    const ShortTile tile = mr_short_tile(run, group, index, visible);
    const int firstSplit = tile.low / MR_SPLIT_KEYS, lastSplit = tile.high / MR_SPLIT_KEYS;
    if (firstSplit + (int)blockIdx.z > lastSplit) continue;
    const MrKvSource source =
        mr_kv_source<D>(layer, step + run.table, kvHeads, kvHead, blockTokens, tile.low, tile.high);
    __syncthreads();  // all have left the queries of the tile before
    mr_query_load<D>(shared.queries, queries, run, queryHeads, group, kvHead, tile.firstPacked, SPLIT_ROWS);
    uint32_t fragments[D / 16][4];
    MrSight sights[2];
    for (int r = 0; r < 2; r++) sights[r] = mr_sight(run, group, tile.firstPacked + lane / 4 + 8 * r, visible);

    for (int split = firstSplit + blockIdx.z; split <= lastSplit; split += gridDim.z) {
      const int firstTile = max(tile.low / MR_TILE_KEYS, split * MR_SPLIT_TILES);
      const int lastTile = min(tile.high / MR_TILE_KEYS, (split + 1) * MR_SPLIT_TILES - 1);
      mr_split_begin<D>(shared, source, firstTile);
      if (split == firstSplit + (int)blockIdx.z) {
        mr_cp_async_wait<1>();
        __syncthreads();
        mr_query_fragments<D>(fragments, shared.queries);
      }
      MrRunning<D / 32> running;
      mr_split_walk<D>(running, shared, source, fragments, sights, firstTile, lastTile);
#pragma unroll
      for (int r = 0; r < 2; r++) {
        const int packed = tile.firstPacked + lane / 4 + 8 * r;
        if (packed >= tile.packedRows) continue;
        const int column = warp * (D / SPLIT_WARPS) + (lane & 3) * 2;
        if (firstSplit == lastSplit) {
          const float inverse = 1.0f / running.sum[2 * r];
          uint16_t* to = out + mr_attended_at<D>(run, queryHeads, group, kvHead, packed) + column;
#pragma unroll
          for (int n = 0; n < D / 32; n++) {
            *reinterpret_cast<uint32_t*>(to + 8 * n) =
                mr_pack_bf16(mr_attended(running.values[n][2 * r], inverse),
                             mr_attended(running.values[n][2 * r + 1], inverse));
          }
        } else {
          const int64_t partial = mr_partial_at(run, group, kvHead, partialCapacity, split, packed);
          float* to = partials + partial * D + column;
#pragma unroll
          for (int n = 0; n < D / 32; n++) {
            *reinterpret_cast<float2*>(to + 8 * n) =
                make_float2(running.values[n][2 * r], running.values[n][2 * r + 1]);
          }
          if (warp == 0 && (lane & 3) == 0) {
            *reinterpret_cast<float2*>(statistics + 2 * partial) =
                make_float2(running.largest[r], running.sum[2 * r]);
          }
        }
      }
    }
  }
}

// One warp folds the partial results of one packed row; lane has D / 32 columns.
template <int D>
MR_DEVICE void mr_merge_row(const float* partials, const float* statistics, uint16_t* out, const MrStepRun& run,
                            int group, int kvHead, int queryHeads, int partialCapacity, int packed,
                            int visible) {
  constexpr int PAIRS = D / 64;
  const int lane = threadIdx.x & 31;
  const MrSight sight = mr_sight(run, group, packed, visible);
  float largest = MR_NOTHING_SEEN, sum = 0;
  float2 values[PAIRS];
#pragma unroll
  for (int i = 0; i < PAIRS; i++) values[i] = make_float2(0, 0);
  for (int split = sight.first / MR_SPLIT_KEYS; split <= sight.last / MR_SPLIT_KEYS; split++) {
    const int64_t partial = mr_partial_at(run, group, kvHead, partialCapacity, split, packed);
    const float2 statistic = reinterpret_cast<const float2*>(statistics)[partial];
    const float2* from = reinterpret_cast<const float2*>(partials + partial * D);
    const MrFold fold = mr_fold<D>(largest, statistic.x);
    largest = fold.largest;
    sum = mr_folded(fold, sum, statistic.y);
#pragma unroll
    for (int i = 0; i < PAIRS; i++) {
      const float2 two = from[lane + 32 * i];
      values[i] = make_float2(mr_folded(fold, values[i].x, two.x), mr_folded(fold, values[i].y, two.y));
    }
  }
  const float inverse = 1.0f / sum;
  uint32_t* to = reinterpret_cast<uint32_t*>(out + mr_attended_at<D>(run, queryHeads, group, kvHead, packed));
#pragma unroll
  for (int i = 0; i < PAIRS; i++) {
    to[lane + 32 * i] = mr_pack_bf16(mr_attended(values[i].x, inverse), mr_attended(values[i].y, inverse));
  }
}

template <int D>
MR_DEVICE void mr_merge_short(const float* partials, const float* statistics, uint16_t* out, const int32_t* step,
                              int rowCapacity, int partialCapacity, int queryHeads, int kvHeads,
                              int visible) {
  if ((int)blockIdx.x >= mr_step_short_runs(step)) return;
  const int group = queryHeads / kvHeads, kvHead = blockIdx.y % kvHeads, warp = threadIdx.x >> 5;
  const MrStepRun run = mr_step_run(step, rowCapacity, mr_step_short_run(step, rowCapacity, blockIdx.x));
  for (int index = blockIdx.y / kvHeads; index * SPLIT_ROWS < run.rows * group; index += gridDim.y / kvHeads) {
    const ShortTile tile = mr_short_tile(run, group, index, visible);
    if (tile.low / MR_SPLIT_KEYS == tile.high / MR_SPLIT_KEYS) continue;  // already in its place
    for (int row = warp; row < SPLIT_ROWS; row += SPLIT_WARPS) {
      if (tile.firstPacked + row < tile.packedRows) {
        mr_merge_row<D>(partials, statistics, out, run, group, kvHead, queryHeads, partialCapacity,
                        tile.firstPacked + row, visible);
      }
    }
  }
}
}  // namespace

// Attention of the short runs as mr_attend_64 and mr_attend_128 define it: rows that see keys of one split only
// are done afterwards, of the others the partial results go to scratch memory for mr_attend_merge.
//
//   queries, layer, out, visible   as for mr_attend_64
//   partials   f32 [K][partialCapacity * Q / K][D]       statistics   f32 [K][partialCapacity * Q / K][2]
//   partialCapacity   at least the sum over short runs of rows * ((firstPosition + rows - 1) / 512 + 1); a run
//              that does not fit must be made a long one by the host. Too little stops the launch
//   grid     (short runs of the bucket, K * tiles, splits); tiles: ceil(most rows of a short run * Q / K / 16);
//            splits: as many blocks as shall share a row's keys, e.g. the most splits that a row sees
//            (visible keys / 512 + 2). Smaller grids in y (a multiple of K) and z give the same bits
//   block    128    shared  mr_attend_split_64: 42752, mr_attend_split_128: 77568 (above 48 KiB: ask for it)
//   bytes    4 * D per visible key and kv head (read once for the group); FLOP 4 * 16 * D per key
//   order    see attention.cuh
//   test     attend_test
MR_KERNEL __launch_bounds__(MR_ATTEND_THREADS) mr_attend_split_64(
    const uint16_t* __restrict__ queries, const uint16_t* __restrict__ layer, uint16_t* __restrict__ out,
    float* __restrict__ partials, float* __restrict__ statistics, const int32_t* __restrict__ step,
    int32_t rowCapacity, int32_t partialCapacity, int32_t queryHeads, int32_t kvHeads, int32_t blockTokens,
    int32_t visible) {
  mr_attend_short<64>(queries, layer, out, partials, statistics, step, rowCapacity, partialCapacity, queryHeads,
                      kvHeads, blockTokens, visible);
}
MR_EXPORT(mr_attend_split_64)

// The same for D = 128.
MR_KERNEL __launch_bounds__(MR_ATTEND_THREADS) mr_attend_split_128(
    const uint16_t* __restrict__ queries, const uint16_t* __restrict__ layer, uint16_t* __restrict__ out,
    float* __restrict__ partials, float* __restrict__ statistics, const int32_t* __restrict__ step,
    int32_t rowCapacity, int32_t partialCapacity, int32_t queryHeads, int32_t kvHeads, int32_t blockTokens,
    int32_t visible) {
  mr_attend_short<128>(queries, layer, out, partials, statistics, step, rowCapacity, partialCapacity, queryHeads,
                       kvHeads, blockTokens, visible);
}
MR_EXPORT(mr_attend_split_128)

// Folds what mr_attend_split left for rows that see more than one split, in rising order.
//
//   partials, statistics, partialCapacity, out, visible   those of mr_attend_split
//   grid     (short runs of the bucket, K * tiles)    block 128    shared 0
//   bytes    4 * (D + 2) per row, kv head's query head and split
//   test     attend_test
MR_KERNEL mr_attend_merge_64(const float* __restrict__ partials, const float* __restrict__ statistics,
                             uint16_t* __restrict__ out, const int32_t* __restrict__ step, int32_t rowCapacity,
                             int32_t partialCapacity, int32_t queryHeads, int32_t kvHeads,
                             int32_t visible) {
  mr_merge_short<64>(partials, statistics, out, step, rowCapacity, partialCapacity, queryHeads, kvHeads,
                     visible);
}
MR_EXPORT(mr_attend_merge_64)

// The same for D = 128.
MR_KERNEL mr_attend_merge_128(const float* __restrict__ partials, const float* __restrict__ statistics,
                              uint16_t* __restrict__ out, const int32_t* __restrict__ step, int32_t rowCapacity,
                              int32_t partialCapacity, int32_t queryHeads, int32_t kvHeads,
                              int32_t visible) {
  mr_merge_short<128>(partials, statistics, out, step, rowCapacity, partialCapacity, queryHeads, kvHeads,
                      visible);
}
MR_EXPORT(mr_attend_merge_128)

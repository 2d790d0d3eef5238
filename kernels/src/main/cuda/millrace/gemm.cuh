// The matrix product of all linear layers: out[row][channel] = sum over k of weight[channel][k] * x[row][k].
//
// Weights are the A operand of the tensor cores (64 or 128 channels a block), rows of x the N operand (8 to 128 a
// block). Decoding wastes little on padding, prompts get square tiles, and every tile size computes an element by the
// same chain of products in the same order of k: the bits of a row depend neither on the tile size, nor on the other
// rows, nor on the number of blocks.
//
// A launch computes the rows of one or more groups (experts). A group has its own weights; its rows are contiguous.
// Blocks are persistent: the tiles of all groups are numbered, block b computes tiles b, b + gridDim.x, ... Any grid
// gives the same result; what the groups hold is read on the device.
//
// Pipeline: cp.async into a ring of stages, one K step (128 bytes of a row) each, one barrier per step.
#pragma once

#include "millrace/device.cuh"
#include "millrace/packed.cuh"

constexpr int kMrGemmThreads = 128;
constexpr int kMrGroupsMax = 511;

/** Tile of a block: 64 * kChannelTiles channels, TN rows; four warps, each 16 * kM channels and 8 * kN rows. */
template <int TN>
struct MrTile;
template <>
struct MrTile<8> {
  static constexpr int kChannelTiles = 1, kWarpsM = 4, kM = 1, kN = 1, kStages = 6;
};
template <>
struct MrTile<16> {
  static constexpr int kChannelTiles = 1, kWarpsM = 4, kM = 1, kN = 2, kStages = 6;
};
template <>
struct MrTile<32> {
  static constexpr int kChannelTiles = 1, kWarpsM = 4, kM = 1, kN = 4, kStages = 6;
};
template <>
struct MrTile<64> {
  static constexpr int kChannelTiles = 2, kWarpsM = 2, kM = 4, kN = 4, kStages = 4;
};
template <>
struct MrTile<128> {
  static constexpr int kChannelTiles = 2, kWarpsM = 2, kM = 4, kN = 8, kStages = 3;
};

/** Operands of a launch, apart from what its epilogue needs. The fact boxes of the kernels say what each one is. */
struct MrGemmTask {
  const uint8_t* x;
  const uint64_t* weights;
  const int32_t* offsets;
  const int32_t* rows;
  const int32_t* source;
  int groups, packedRows, k, xRowBytes;
  int group, asymmetric;  // int4: columns of a group of weights, and whether it has zeros
};

template <class Format, int TN>
struct MrGemmShared {
  alignas(1024) uint8_t weights[MrTile<TN>::kStages][MrTile<TN>::kChannelTiles][Format::kStageBytes];
  alignas(1024) uint8_t x[MrTile<TN>::kStages][TN * kMrTileRowBytes];
  int32_t source[TN];                 // row of x for each row of the tile, or -1
  uint16_t prefix[kMrGroupsMax + 1];  // row tiles of the groups before
  uint64_t arrived[MrTile<TN>::kStages];  // gemm_wgmma.cuh: mbarriers of the weights
};

/** How gemm_wgmma.cuh multiplies a format, on chips that have it; the last one: bf16, weights made in registers. */
enum MrWgmma { MR_WGMMA_BF16, MR_WGMMA_E4M3, MR_WGMMA_REGISTERS };

/** Where a tile lies: rows [firstRow, lastRow) of a group (TN at most), channels from firstChannel of its weights. */
struct MrTilePlace {
  int group, firstRow, lastRow, firstChannel;
};

MR_DEVICE int mr_group_first(const MrGemmTask& task, int group) {
  return task.offsets ? task.offsets[group] : group == 0 ? 0 : task.rows[0];
}

/** Counts the row tiles before each group; gives their sum. All threads; ends with a barrier. */
template <int TN>
MR_DEVICE int mr_count_row_tiles(const MrGemmTask& task, uint16_t* prefix) {
  const int lane = threadIdx.x & 31;
  if (threadIdx.x < 32) {
    int before = 0;
    for (int base = 0; base < task.groups; base += 32) {
      const int group = base + lane;
      int tiles = 0;
      if (group < task.groups) {
        tiles = (mr_group_first(task, group + 1) - mr_group_first(task, group) + TN - 1) / TN;
      }
      int sum = tiles;
#pragma unroll
      for (int step = 1; step < 32; step *= 2) {
        const int other = __shfl_up_sync(MR_ALL_LANES, sum, step);
        if (lane >= step) sum += other;
      }
      if (group < task.groups) prefix[group] = (uint16_t)(before + sum - tiles);
      before += __shfl_sync(MR_ALL_LANES, sum, 31);
    }
    if (lane == 0) prefix[task.groups] = (uint16_t)before;
  }
  __syncthreads();
  return prefix[task.groups];
}

/**
 * Place of a tile. Inside a group 16 row tiles share a sweep over the channels, so that concurrent blocks find both
 * operands in the L2 cache.
 */
template <int TN>
MR_DEVICE MrTilePlace mr_place(const MrGemmTask& task, const uint16_t* prefix, int tile, int channelTiles) {
  int low = 0, high = task.groups - 1;
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    if (prefix[middle] * channelTiles <= tile) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  constexpr int kSweep = 16;
  const int rowTiles = prefix[low + 1] - prefix[low];
  const int local = tile - prefix[low] * channelTiles;
  const int sweep = local / (kSweep * channelTiles);
  const int inSweep = local - sweep * kSweep * channelTiles;
  const int width = min(kSweep, rowTiles - sweep * kSweep);
  MrTilePlace place;
  place.group = low;
  place.firstRow = mr_group_first(task, low) + (sweep * kSweep + inSweep % width) * TN;
  place.lastRow = min(place.firstRow + TN, mr_group_first(task, low + 1));
  place.firstChannel = inSweep / width * MrTile<TN>::kChannelTiles * kMrTileRows;
  return place;
}

/** Starts the copy of one K step of the tile's rows of x into its stage. */
template <class Format, int TN>
MR_DEVICE void mr_load_rows(MrGemmShared<Format, TN>& shared, const MrGemmTask& task, int stage, int step) {
#pragma unroll
  for (int i = threadIdx.x; i < TN * 8; i += kMrGemmThreads) {
    const int row = i >> 3, piece = i & 7;
    const int source = shared.source[row];
    const int byte = step * kMrTileRowBytes + piece * 16;
    const bool there = source >= 0 && byte < task.xRowBytes;
    const uint8_t* from = there ? task.x + (size_t)source * task.xRowBytes + byte : task.x;
    mr_cp_async16(shared.x[stage] + mr_packed_tile_offset(row, piece * 16), from, there);
  }
}

/** Starts the copy of one K step into its stage. */
template <class Format, int TN>
MR_DEVICE void mr_load_step(MrGemmShared<Format, TN>& shared, const MrGemmTask& task, const MrTilePlace& place,
                            int stage, int step) {
  using Tile = MrTile<TN>;
  const uint8_t* base = reinterpret_cast<const uint8_t*>(task.weights[place.group]);
#pragma unroll
  for (int c = 0; c < Tile::kChannelTiles; c++) {
    const int channel = place.firstChannel + c * kMrTileRows;
    // an odd number of 64-row tiles leaves half of the last wide tile empty: it is filled with zeros
    Format::load(shared.weights[stage][c], base, task, channel, step, channel < task.packedRows);
  }
  mr_load_rows<Format, TN>(shared, task, stage, step);
}

/** Computes all tiles of this block and hands each one's accumulators to the epilogue. */
template <class Format, int TN, class Epilogue>
MR_DEVICE void mr_gemm_mma(MrGemmShared<Format, TN>& shared, const MrGemmTask& task, const Epilogue& epilogue) {
  using Tile = MrTile<TN>;
  const int warp = threadIdx.x >> 5;
  const int warpM = warp % Tile::kWarpsM, warpN = warp / Tile::kWarpsM;
  const int channelTiles = (task.packedRows + Tile::kChannelTiles * kMrTileRows - 1) / (Tile::kChannelTiles * kMrTileRows);
  const int tiles = mr_count_row_tiles<TN>(task, shared.prefix) * channelTiles;
  const int steps = task.k / Format::kStep;

  for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const MrTilePlace place = mr_place<TN>(task, shared.prefix, tile, channelTiles);
    for (int i = threadIdx.x; i < TN; i += kMrGemmThreads) {
      const int row = place.firstRow + i;
      shared.source[i] = row >= place.lastRow ? -1 : task.source ? task.source[row] : row;
    }
    __syncthreads();

    float sums[Tile::kM][Tile::kN][4];
#pragma unroll
    for (int m = 0; m < Tile::kM; m++)
#pragma unroll
      for (int n = 0; n < Tile::kN; n++)
#pragma unroll
        for (int i = 0; i < 4; i++) sums[m][n][i] = 0.0f;

#pragma unroll 1
    for (int stage = 0; stage < Tile::kStages - 1; stage++) {
      if (stage < steps) mr_load_step<Format, TN>(shared, task, place, stage, stage);
      mr_cp_async_commit();
    }
    int reading = 0, writing = Tile::kStages - 1;
    for (int step = 0; step < steps; step++) {
      mr_cp_async_wait<Tile::kStages - 2>();
      __syncthreads();  // the step has arrived for all, and all have left the stage that is written next
      const int next = step + Tile::kStages - 1;
      if (next < steps) mr_load_step<Format, TN>(shared, task, place, writing, next);
      mr_cp_async_commit();
      Format::multiply(sums, shared.weights[reading][0], shared.x[reading], warpM * 16 * Tile::kM, warpN * 8 * Tile::kN,
                       task, step);
      reading = reading + 1 == Tile::kStages ? 0 : reading + 1;
      writing = writing + 1 == Tile::kStages ? 0 : writing + 1;
    }
    Epilogue::finish(epilogue, sums, task, place, place.firstChannel + warpM * 16 * Tile::kM, warpN * 8 * Tile::kN,
                     shared.source);
    __syncthreads();  // all have left the stages and the row table before the next tile fills them
  }
}

#include "millrace/gemm_wgmma.cuh"

template <class Format, int TN, class Epilogue>
MR_DEVICE void mr_gemm(MrGemmShared<Format, TN>& shared, const MrGemmTask& task, const Epilogue& epilogue) {
#if MR_HAS_WGMMA
  mr_gemm_wgmma<Format, TN>(shared, task, epilogue);
#else
  mr_gemm_mma<Format, TN>(shared, task, epilogue);
#endif
}

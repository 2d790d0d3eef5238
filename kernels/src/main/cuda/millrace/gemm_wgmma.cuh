// The matrix product on chips with wgmma and bulk copies (9.0). Tiles, stages, launch and results' places are those of
// gemm.cuh; what differs is who moves and who multiplies:
//
//   weights   one thread asks the copy engine for whole packed tiles (they lie in memory as wgmma wants them, so no
//             tensor map is needed); an mbarrier per stage says when they have arrived
//   x         rows are gathered through a table, which the copy engine cannot do here: cp.async, as on other chips
//   int4      weights come by cp.async and are dequantised into the registers of the instruction's A operand
//   product   the block's four warps are one warpgroup; 64 channels x TN rows per instruction, both operands from the
//             stage, accumulators in registers in the places mma.sync gives them
//
// One chain over ascending k per element, the same for every TN: the bits of a row do not depend on the tile size (one
// thing to confirm on hardware: that wgmma gives the same bits for every N). They differ from those of mma.sync.
// Two blocks share a multiprocessor: while one waits at its barrier the other one multiplies.
#pragma once

#include "millrace/gemm.cuh"

#if MR_HAS_WGMMA

/** Asks for the weights of one K step; thread 0 only. */
template <class Format, int TN>
MR_DEVICE void mr_request_weights(MrGemmShared<Format, TN>& shared, const MrGemmTask& task, const MrTilePlace& place,
                                  int channelTiles, int stage, int step) {
  const uint8_t* base = reinterpret_cast<const uint8_t*>(task.weights[place.group]);
  const size_t tilesOfRow = task.k / Format::kStep;
  mr_mbar_expect_tx(&shared.arrived[stage], channelTiles * kMrTileBytes);
  for (int c = 0; c < channelTiles; c++) {
    const size_t tile = (place.firstChannel / kMrTileRows + c) * tilesOfRow + step;
    mr_bulk_load(shared.weights[stage][c], base + tile * kMrTileBytes, kMrTileBytes, &shared.arrived[stage]);
  }
}

/** Starts the products of one K step of 64 rows of weights with the stage's rows of x. */
template <class Format, int TN>
MR_DEVICE void mr_multiply_wgmma(float (&sums)[TN / 2], const uint8_t* weights, const uint8_t* x,
                                 const MrGemmTask& task) {
  constexpr int kPieces = kMrTileRowBytes / 32;  // of a step, one instruction each
  const uint64_t b = mr_wgmma_descriptor(x, kMrTileRowBytes);
  if constexpr (Format::kWgmma == MR_WGMMA_REGISTERS) {
    uint32_t a[kPieces][4];
    Format::fragments(a, weights, task);
    mr_wgmma_fence();
#pragma unroll
    for (int piece = 0; piece < kPieces; piece++) mr_wgmma_bf16<TN>(sums, a[piece], b + 2 * piece, 1);
  } else {
    const uint64_t a = mr_wgmma_descriptor(weights, kMrTileRowBytes);
    mr_wgmma_fence();
#pragma unroll
    for (int piece = 0; piece < kPieces; piece++) {
      if constexpr (Format::kWgmma == MR_WGMMA_E4M3) {
        mr_wgmma_e4m3<TN>(sums, a + 2 * piece, b + 2 * piece, 1);
      } else {
        mr_wgmma_bf16<TN>(sums, a + 2 * piece, b + 2 * piece, 1);
      }
    }
  }
}

/** Computes all tiles of this block and hands each one's accumulators to the epilogue. */
template <class Format, int TN, class Epilogue>
MR_DEVICE void mr_gemm_wgmma(MrGemmShared<Format, TN>& shared, const MrGemmTask& task, const Epilogue& epilogue) {
  using Tile = MrTile<TN>;
  static_assert(kMrGemmThreads == 128, "a block is one warpgroup");
  constexpr int kTileChannels = Tile::kChannelTiles * kMrTileRows;
  constexpr bool kBulk = Format::kWgmma != MR_WGMMA_REGISTERS;
  const int thread = threadIdx.x, warp = thread >> 5;
  if (thread == 0) {
    for (int stage = 0; stage < Tile::kStages; stage++) mr_mbar_init(&shared.arrived[stage], 1);
    mr_mbar_fence_init();
  }
  const int channelTiles = (task.packedRows + kTileChannels - 1) / kTileChannels;
  const int tiles = mr_count_row_tiles<TN>(task, shared.prefix) * channelTiles;  // ends with a barrier
  const int steps = task.k / Format::kStep;
  uint32_t parities = 0;  // bit s: parity of the phase that stage s waits for next

  for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const MrTilePlace place = mr_place<TN>(task, shared.prefix, tile, channelTiles);
    // an odd number of 64-row tiles leaves half of the last wide tile empty
    const int halves = min(Tile::kChannelTiles, (task.packedRows - place.firstChannel) / kMrTileRows);
    for (int i = thread; i < TN; i += kMrGemmThreads) {
      const int row = place.firstRow + i;
      shared.source[i] = row >= place.lastRow ? -1 : task.source ? task.source[row] : row;
    }
    __syncthreads();

    float sums[Tile::kChannelTiles][TN / 2];
#pragma unroll
    for (int c = 0; c < Tile::kChannelTiles; c++)
#pragma unroll
      for (int i = 0; i < TN / 2; i++) sums[c][i] = 0.0f;

    auto load = [&](int stage, int step) {
      if (step < steps) {
        if constexpr (kBulk) {
          if (thread == 0) mr_request_weights<Format, TN>(shared, task, place, halves, stage, step);
          mr_load_rows<Format, TN>(shared, task, stage, step);
        } else {
          mr_load_step<Format, TN>(shared, task, place, stage, step);
        }
      }
      mr_cp_async_commit();
    };
#pragma unroll 1
    for (int stage = 0; stage < Tile::kStages - 1; stage++) load(stage, stage);
    int reading = 0, writing = Tile::kStages - 1;
    for (int step = 0; step < steps; step++) {
      mr_cp_async_wait<Tile::kStages - 2>();
      mr_fence_async();  // rows of x came by ordinary stores, wgmma reads through the other door
      if constexpr (kBulk) {
        mr_mbar_wait(&shared.arrived[reading], static_cast<int>(parities >> reading & 1));
        parities ^= 1u << reading;
      }
      __syncthreads();  // the step has arrived for all, and the stage that is written next has been multiplied
#pragma unroll
      for (int c = 0; c < Tile::kChannelTiles; c++) {
        // without asking for halves: a branch here costs more than products of leftovers that nobody stores
        mr_multiply_wgmma<Format, TN>(sums[c], shared.weights[reading][c], shared.x[reading], task);
      }
      mr_wgmma_commit();
      load(writing, step + Tile::kStages - 1);  // while the tensor cores work
      mr_wgmma_wait<0>();
      reading = reading + 1 == Tile::kStages ? 0 : reading + 1;
      writing = writing + 1 == Tile::kStages ? 0 : writing + 1;
    }
#pragma unroll
    for (int c = 0; c < Tile::kChannelTiles; c++) {
      if (c >= halves) break;
      mr_wgmma_settle(sums[c]);
      // accumulator 4 j + i of a thread is value i of its m16n8 block j
      Epilogue::finish(epilogue, reinterpret_cast<const float(&)[1][TN / 8][4]>(sums[c]), task, place,
                       place.firstChannel + c * kMrTileRows + warp * 16, 0, shared.source);
    }
    __syncthreads();  // all have left the row table before the next tile fills it
  }
}

#endif

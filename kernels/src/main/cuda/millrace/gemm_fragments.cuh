// From swizzled tiles of 128-byte rows in shared memory to the registers of mma.sync.
#pragma once

#include "millrace/packed.cuh"

/** A fragments of M blocks of 16 rows from firstRow, 32 bytes of k from piece 2 k. */
template <int M>
MR_DEVICE void mr_load_a(uint32_t (&a)[M][4], const uint8_t* tile, int firstRow, int k) {
  const int lane = threadIdx.x & 31;
#pragma unroll
  for (int m = 0; m < M; m++) {
    // tiles of 64 rows follow one another, so the offset of a row beyond the first 64 is the same formula
    mr_ldmatrix_x4(a[m], tile + mr_packed_tile_offset(firstRow + m * 16 + (lane & 15), (2 * k + (lane >> 4)) * 16));
  }
}

/** B fragments of N blocks of 8 rows of x from firstRow, 32 bytes of k from piece 2 k. */
template <int N>
MR_DEVICE void mr_load_b(uint32_t (&b)[N][2], const uint8_t* tile, int firstRow, int k) {
  const int lane = threadIdx.x & 31;
  if constexpr (N == 1) {
    mr_ldmatrix_x2(b[0], tile + mr_packed_tile_offset(firstRow + (lane & 7), (2 * k + (lane >> 3 & 1)) * 16));
  } else {
#pragma unroll
    for (int n = 0; n < N; n += 2) {
      uint32_t both[4];
      mr_ldmatrix_x4(both, tile + mr_packed_tile_offset(firstRow + n * 8 + (lane >> 4) * 8 + (lane & 7),
                                                        (2 * k + (lane >> 3 & 1)) * 16));
      b[n][0] = both[0];
      b[n][1] = both[1];
      b[n + 1][0] = both[2];
      b[n + 1][1] = both[3];
    }
  }
}

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

/** Calls use(n, b) with the B fragment of each of N blocks of 8 rows of x from firstRow, 32 bytes of k from piece 2 k. */
template <int N, class Use>
MR_DEVICE void mr_for_each_b(const uint8_t* tile, int firstRow, int k, const Use& use) {
  const int lane = threadIdx.x & 31;
  const int piece = 2 * k + (lane >> 3 & 1);
  if constexpr (N == 1) {
    uint32_t b[2];
    mr_ldmatrix_x2(b, tile + mr_packed_tile_offset(firstRow + (lane & 7), piece * 16));
    use(0, b);
  } else {
    static_assert(N % 2 == 0, "blocks of x are loaded in pairs");
#pragma unroll
    for (int n = 0; n < N; n += 2) {
      uint32_t both[4];
      mr_ldmatrix_x4(both, tile + mr_packed_tile_offset(firstRow + n * 8 + (lane >> 4) * 8 + (lane & 7), piece * 16));
      const uint32_t first[2] = {both[0], both[1]}, second[2] = {both[2], both[3]};
      use(n, first);
      use(n + 1, second);
    }
  }
}

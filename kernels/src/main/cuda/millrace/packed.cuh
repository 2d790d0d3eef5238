// How weights lie in device memory. Written by repack.cu at load time, read by the matrix products and by whoever needs
// single rows of a packed matrix.
//
// A packed matrix [N, K] consists of tiles of 64 rows and one K step. The tiles of 64 rows follow one another along K,
// then come the next 64 rows: a block that computes 64 output channels reads one contiguous stream.
//
//   format   K step  tile bytes   inside a tile
//   bf16     64      8192         64 rows of 128 bytes, 16-byte pieces swizzled: piece c of row r lies at c ^ (r & 7)
//   fp8      128     8192         the same, one byte per element (e4m3)
//   int4     64      2048         mma.sync A fragments, see mr_packed_int4_word
//
// The swizzle is the 128-byte one of ldmatrix without bank conflicts, and of wgmma's and TMA's descriptors.
// Behind the tiles lie the scales:
//   fp8      float scale[N]
//   int4     bf16 scale[ceil(K / group)][N], then, if asymmetric, uint8 zero[ceil(K / group)][N]; group is 32 or a multiple
//            of 64
// Rows and columns of padding are zero (scale 0 in int4), made by clearing the memory before packing.
//
// bytes   bf16: N * K * 2      fp8: N * K + N * 4      int4: N * K / 2 + ceil(K / group) * N * (2 or 3)
// N is a multiple of 64, K a multiple of the K step; both count the padding. A packed matrix starts at a multiple of 16
// bytes.
//
// Rows of a SwiGLU pair alternate in eights: packed rows 16 j .. 16 j + 7 are gates 8 j .. 8 j + 7, the next eight are
// the ups of the same channels. One thread of an m16n8 product then holds a gate and its up.
#pragma once

#include "millrace/device.cuh"

enum MrPackedLayout { MR_LAYOUT_PLAIN = 0, MR_LAYOUT_GATE = 1, MR_LAYOUT_UP = 2 };

constexpr int kMrTileRows = 64;
constexpr int kMrTileRowBytes = 128;
constexpr int kMrTileBytes = kMrTileRows * kMrTileRowBytes;
constexpr int kMrInt4TileBytes = 2048;
constexpr int kMrInt4Step = 64;

/** Row of the packed matrix for row `row` of a source with this layout. */
MR_DEVICE int mr_packed_row(int row, int layout) {
  if (layout == MR_LAYOUT_PLAIN) return row;
  return (row >> 3) * 16 + (layout == MR_LAYOUT_UP ? 8 : 0) + (row & 7);
}

/** Offset in bytes of byte `byte` of row `row` inside a tile of 64 rows of 128 bytes. */
MR_DEVICE int mr_packed_tile_offset(int row, int byte) {
  return row * kMrTileRowBytes + ((((byte >> 4) ^ row) & 7) << 4) + (byte & 15);
}

/** Offset in bytes of element (row, column) of a packed bf16 or fp8 matrix with k columns. */
MR_DEVICE size_t mr_packed_offset(int row, int column, int k, int elementBytes) {
  const int byte = column * elementBytes;
  const size_t tile = (size_t)(row / kMrTileRows) * (k * elementBytes / kMrTileRowBytes) + byte / kMrTileRowBytes;
  return tile * kMrTileBytes + mr_packed_tile_offset(row % kMrTileRows, byte % kMrTileRowBytes);
}

/**
 * Index of the 32-bit word of a packed int4 matrix that holds element (row, column), and the position of its nibble.
 * A word holds the eight elements that one lane owns of a 16 x 16 A fragment; a lane's words of the four fragments of a
 * K step lie side by side. Register i of the fragment is nibble i (its even column) and nibble 4 + i (its odd one), so
 * that (word >> 4 i) & 0x000f000f is the register with two 4-bit values in its halves.
 */
MR_DEVICE size_t mr_packed_int4_word(int row, int column, int k, int& nibble) {
  const int r = row % 16, c = column % 16;
  const int lane = (r & 7) * 4 + (c & 7) / 2;
  nibble = (r >> 3) + 2 * (c >> 3) + 4 * (c & 1);
  const size_t tile = (size_t)(row / kMrTileRows) * (k / kMrInt4Step) + column / kMrInt4Step;
  const int block = row % kMrTileRows / 16, step = column % kMrInt4Step / 16;
  return tile * (kMrInt4TileBytes / 4) + (block * 32 + lane) * 4 + step;
}

// Load time: from the layouts of checkpoints to packed matrices (millrace/packed.cuh).
//
// A checkpoint's matrix arrives in pieces; every call packs one piece. `firstRow` and `firstColumn` say where the piece
// lies in the logical matrix, the layout says which packed rows its rows become. Padding is not written: clear the packed
// matrix first (cuMemsetD8Async 0).
#include "millrace/packed.cuh"
#include "millrace/terms.cuh"

enum MrSourceType { MR_SOURCE_F32 = 0, MR_SOURCE_BF16 = 1, MR_SOURCE_F16 = 2 };

/** binary16 as f32, exact: exponent and mantissa moved into place and scaled by 2^112, subnormals included. */
MR_DEVICE float mr_f16_to_f32(uint16_t bits) {
  const uint32_t magnitude = (bits & 0x7fffu) << 13;
  const uint32_t finite = mr_as_u32(mr_as_f32(magnitude) * 0x1p112f);
  const uint32_t value = magnitude >= 0x7c00u << 13 ? magnitude | 0x7f800000u : finite;
  return mr_as_f32(value | (bits & 0x8000u) << 16);
}

/** Element of a source as f32; exact. */
MR_DEVICE float mr_source_f32(const void* source, int64_t index, int type) {
  if (type == MR_SOURCE_F32) return static_cast<const float*>(source)[index];
  const uint16_t bits = static_cast<const uint16_t*>(source)[index];
  return type == MR_SOURCE_BF16 ? mr_bf16_to_f32(bits) : mr_f16_to_f32(bits);
}

constexpr int kMrPackTile = 64;

/** A square of the source on its way: read along its fast dimension, written along k. */
template <class T>
struct MrPackShared {
  T element[kMrPackTile][kMrPackTile + 4 / sizeof(T)];
};
static_assert(sizeof(MrPackShared<uint16_t>) == 8448 && sizeof(MrPackShared<uint8_t>) == 4352, "fact boxes");

/**
 * Element (r, c) of the square whose corner is (row0, column0): fetched from source[r * rowStride + c * columnStride].
 * Either stride may be 1; threads follow that dimension.
 */
template <class T, class Fetch>
MR_DEVICE void mr_read_square(MrPackShared<T>& square, int row0, int column0, int rows, int columns, bool alongColumns,
                              const Fetch& fetch) {
  for (int i = threadIdx.x; i < kMrPackTile * kMrPackTile; i += blockDim.x) {
    const int fast = i % kMrPackTile, slow = i / kMrPackTile;
    const int r = alongColumns ? slow : fast, c = alongColumns ? fast : slow;
    if (row0 + r < rows && column0 + c < columns) square.element[r][c] = fetch(row0 + r, column0 + c);
  }
  __syncthreads();
}

// mr_pack_bf16: packed[row][column] = bf16(source), round to nearest even; or one of the further terms of a weight that is
// to stay whole (terms.cuh), each of which is a packed matrix of its own.
//
//   uint16_t* packed        the packed matrix
//   const void* source      element (r, c) at index r * rowStride + c * columnStride; one of the strides is 1
//   int64 rowStride         [N, K] rows: K and 1; a range of columns of a fused [K, n] expert: 1 and n, source advanced to
//   int64 columnStride        its first column
//   int32 type              0 f32, 1 bf16, 2 f16
//   int32 rows, columns     of this piece
//   int32 firstRow          logical row (before the layout) of the piece's first row
//   int32 firstColumn
//   int32 k                 columns of the packed matrix
//   int32 layout            0 plain, 1 gate, 2 up (packed.cuh)
//   int32 term              0: bf16(source); 1, 2: bf16 of what the terms before left over
// Launch: grid (ceil(columns / 64), ceil(rows / 64)); block 256; dynamic shared bytes 8448.
// Bytes: read once, written once. Test: src/test/cpp/repack_test.cpp
MR_KERNEL __launch_bounds__(256)
    mr_pack_bf16(uint16_t* packed, const void* source, int64_t rowStride, int64_t columnStride, int32_t type,
                 int32_t rows, int32_t columns, int32_t firstRow, int32_t firstColumn, int32_t k, int32_t layout,
                 int32_t term) {
  MR_SHARED(MrPackShared<uint16_t>, square);
  const int row0 = blockIdx.y * kMrPackTile, column0 = blockIdx.x * kMrPackTile;
  mr_read_square(square, row0, column0, rows, columns, columnStride == 1, [&](int r, int c) {
    const int64_t index = r * rowStride + c * columnStride;
    // bf16 passes through untouched, the payload of a NaN included
    if (type == MR_SOURCE_BF16 && term == 0) return static_cast<const uint16_t*>(source)[index];
    float rest = mr_source_f32(source, index, type);
    for (int before = 0; before < term; before++) mr_next_term(rest);
    return mr_next_term(rest);
  });
  for (int i = threadIdx.x; i < kMrPackTile * kMrPackTile; i += blockDim.x) {
    const int r = i / kMrPackTile, c = i % kMrPackTile;
    if (row0 + r >= rows || column0 + c >= columns) continue;
    const size_t at = mr_packed_offset(mr_packed_row(firstRow + row0 + r, layout), firstColumn + column0 + c, k, 2);
    packed[at / 2] = square.element[r][c];
  }
}
MR_EXPORT(mr_pack_bf16)

// mr_pack_fp8: packed[row][column] = source, e4m3 bytes as they are.
//
//   uint8_t* packed         the packed matrix
//   int32_t* notNumbers     [1] is increased by the number of NaN codes (0x7f, 0xff) in the piece: the products would take
//                           them for 480, so the caller must refuse such a matrix
//   const uint8_t* source   and the rest as in mr_pack_bf16, without a type
// Launch: as mr_pack_bf16; dynamic shared bytes 4352.
// Test: src/test/cpp/repack_test.cpp
MR_KERNEL __launch_bounds__(256)
    mr_pack_fp8(uint8_t* packed, int32_t* notNumbers, const uint8_t* source, int64_t rowStride, int64_t columnStride,
                int32_t rows, int32_t columns, int32_t firstRow, int32_t firstColumn, int32_t k, int32_t layout) {
  MR_SHARED(MrPackShared<uint8_t>, square);
  const int row0 = blockIdx.y * kMrPackTile, column0 = blockIdx.x * kMrPackTile;
  mr_read_square(square, row0, column0, rows, columns, columnStride == 1,
                 [&](int r, int c) { return source[r * rowStride + c * columnStride]; });
  for (int i = threadIdx.x; i < kMrPackTile * kMrPackTile; i += blockDim.x) {
    const int r = i / kMrPackTile, c = i % kMrPackTile;
    if (row0 + r >= rows || column0 + c >= columns) continue;
    const uint8_t code = square.element[r][c];
    if ((code & 0x7f) == 0x7f) atomicAdd(notNumbers, 1);
    packed[mr_packed_offset(mr_packed_row(firstRow + row0 + r, layout), firstColumn + column0 + c, k, 1)] = code;
  }
}
MR_EXPORT(mr_pack_fp8)

// mr_pack_scales: scale[packed row] = source[r], the per-channel scales of an fp8 matrix.
//
//   float* scale            behind the packed matrix's tiles: packed + N * K bytes
//   const void* source      [rows], or one value for all rows if stride is 0
//   int64 stride            1, or 0
//   int32 type              0 f32, 1 bf16, 2 f16
//   int32 rows, firstRow, layout   as in mr_pack_bf16
// Launch: grid ceil(rows / 256), block 256, no shared memory. Test: src/test/cpp/repack_test.cpp
MR_KERNEL __launch_bounds__(256)
    mr_pack_scales(float* scale, const void* source, int64_t stride, int32_t type, int32_t rows, int32_t firstRow,
                   int32_t layout) {
  const int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row < rows) scale[mr_packed_row(firstRow + row, layout)] = mr_source_f32(source, row * stride, type);
}
MR_EXPORT(mr_pack_scales)

// mr_pack_int4: nibbles of a compressed-tensors weight_packed tensor into A fragments.
//
//   uint32_t* packed        the packed matrix
//   const int32_t* source   [rows, sourceWords]: column c of a row is nibble c % 8 of word c / 8, the lowest bits first
//   int32 sourceWords       words of a row, ceil(columns / 8)
//   int32 rows, columns, firstRow, k, layout   as in mr_pack_bf16; a piece has whole rows (firstColumn is 0)
// Launch: grid (k / 64, rows / 8 + 2); block 128; no shared memory. One thread has one word; as a word holds nibbles of
// two rows, it adds its bits to what earlier pieces left there (launches on one stream follow one another).
// Test: src/test/cpp/repack_test.cpp
MR_KERNEL __launch_bounds__(128)
    mr_pack_int4(uint32_t* packed, const int32_t* source, int32_t sourceWords, int32_t rows, int32_t columns,
                 int32_t firstRow, int32_t k, int32_t layout) {
  const int perBlock = layout == MR_LAYOUT_PLAIN ? 16 : 8;  // logical rows in 16 packed ones
  const int block = firstRow / perBlock + blockIdx.y;
  if (block > (firstRow + rows - 1) / perBlock) return;
  const int lane = threadIdx.x >> 2, step = threadIdx.x & 3;
  uint32_t word = 0;
#pragma unroll
  for (int nibble = 0; nibble < 8; nibble++) {
    const int inBlock = (nibble & 1) * 8 + (lane >> 2);
    const int column = blockIdx.x * kMrInt4Step + step * 16 + (nibble >> 1 & 1) * 8 + (lane & 3) * 2 + (nibble >> 2);
    if (layout != MR_LAYOUT_PLAIN && (inBlock >= 8) != (layout == MR_LAYOUT_UP)) continue;
    const int row = block * perBlock + inBlock % perBlock - firstRow;
    if (row < 0 || row >= rows || column >= columns) continue;
    const uint32_t eight = static_cast<uint32_t>(source[(size_t)row * sourceWords + column / 8]);
    word |= (eight >> (4 * (column % 8)) & 15) << (4 * nibble % 16 + 16 * (nibble >> 2));
  }
  int unused;
  const size_t first = mr_packed_int4_word(block * 16, blockIdx.x * kMrInt4Step, k, unused);
  packed[first + threadIdx.x] |= word;
}
MR_EXPORT(mr_pack_int4)

// mr_pack_int4_scales: scale[g][packed row] = bf16(source[r][g]); zero[g][packed row] = nibble r % 8 of zeros[r / 8][g].
//
//   uint16_t* scale         packed + N * k / 2 bytes, [groups, N]; f16 and f32 sources are rounded to nearest even
//   uint8_t* zero           scale + 2 * groups * N bytes, or null for symmetric weights (their zero is 8)
//   const void* source      [rows, groups]
//   const int32_t* zeros    [ceil(rows / 8), groups], packed along the rows, lowest bits first; null if zero is
//   int32 type              0 f32, 1 bf16, 2 f16
//   int32 rows, groups      of this piece; groups = ceil(columns / group size) is the whole width
//   int32 firstRow, layout  as in mr_pack_bf16
//   int32 packedRows        N
// Launch: grid ceil(rows * groups / 256), block 256, no shared memory. Test: src/test/cpp/repack_test.cpp
MR_KERNEL __launch_bounds__(256)
    mr_pack_int4_scales(uint16_t* scale, uint8_t* zero, const void* source, const int32_t* zeros, int32_t type,
                        int32_t rows, int32_t groups, int32_t firstRow, int32_t layout, int32_t packedRows) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index >= static_cast<int64_t>(rows) * groups) return;
  const int row = static_cast<int>(index / groups), group = static_cast<int>(index % groups);
  const size_t at = (size_t)group * packedRows + mr_packed_row(firstRow + row, layout);
  scale[at] = mr_f32_to_bf16(mr_source_f32(source, index, type));
  if (zero) {
    const uint32_t eight = static_cast<uint32_t>(zeros[(size_t)(row / 8) * groups + group]);
    zero[at] = static_cast<uint8_t>(eight >> (4 * (row % 8)) & 15);
  }
}
MR_EXPORT(mr_pack_int4_scales)

// mr_convert_f32: out[r][c] = source, exact: router weights.
//
//   float* out              [rows, ldo]
//   const void* source, int64 rowStride, int64 columnStride, int32 type, int32 rows, int32 columns   as in mr_pack_bf16
//   int32 ldo
// Launch: grid ceil(rows * columns / 256), block 256, no shared memory. Test: src/test/cpp/repack_test.cpp
MR_KERNEL __launch_bounds__(256)
    mr_convert_f32(float* out, const void* source, int64_t rowStride, int64_t columnStride, int32_t type, int32_t rows,
                   int32_t columns, int32_t ldo) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index >= static_cast<int64_t>(rows) * columns) return;
  const int row = static_cast<int>(index / columns), column = static_cast<int>(index % columns);
  out[(size_t)row * ldo + column] = mr_source_f32(source, row * rowStride + column * columnStride, type);
}
MR_EXPORT(mr_convert_f32)

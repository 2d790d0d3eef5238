// The head on single rows of its matrix: logits of labels without the rest of the vocabulary.
#include "millrace/device.cuh"
#include "millrace/packed.cuh"

namespace {
constexpr int LABELS = 16;  // ids of a request: the rows of one mma

struct LabelRequest {
  int32_t row, reserved[3];
  int32_t ids[LABELS];
};
}  // namespace

// out[i][j] = sum_k head[ids[j]][k] x[row][k] for request i = (row, ids): the bits that mr_gemm_bf16 gives for these
// elements, since it is the same chain of mma over ascending k. Probabilities need the whole head; a choice among
// labels does not.
//
//   x         bf16 [S, ldx], 16-byte aligned; columns beyond ldx count as 0
//   head      packed bf16 matrix (packed.cuh), k columns, a multiple of 64; ids below its packed rows
//   requests  80 bytes each: i32 row of x, three i32 zero, 16 i32 ids; -1: no id, its result is 0
//   out       f32 [requests][16]
//   grid      (requests)    block 32    shared 0    ldx: a multiple of 8
//   bytes     2 * k per id and row    FLOP  2 * k per id
//   test      labels_test
MR_KERNEL __launch_bounds__(32) mr_head_labels(const uint16_t* __restrict__ x, const uint8_t* __restrict__ head,
                                               const LabelRequest* __restrict__ requests, float* __restrict__ out,
                                               int32_t k, int32_t ldx) {
  const LabelRequest& request = requests[blockIdx.x];
  const int lane = threadIdx.x, column = (lane & 3) * 4;  // bytes within 16 of a row
  const uint8_t* row = reinterpret_cast<const uint8_t*>(x + (int64_t)request.row * ldx);
  const int ids[2] = {request.ids[lane / 4], request.ids[lane / 4 + 8]};
  float sums[4] = {0, 0, 0, 0};
#pragma unroll 2
  for (int step = 0; step < k / 64; step++) {
#pragma unroll
    for (int part = 0; part < 4; part++) {
      uint32_t a[4], b[2];
#pragma unroll
      for (int half = 0; half < 2; half++) {  // of the 16 columns of one mma
        const int byte = part * 32 + half * 16 + column;
#pragma unroll
        for (int r = 0; r < 2; r++) {
          const int id = ids[r];
          const size_t tile = (size_t)(id / kMrTileRows) * (k / 64) + step;
          const uint8_t* word = head + tile * kMrTileBytes + mr_packed_tile_offset(id % kMrTileRows, byte);
          a[2 * half + r] = id < 0 ? 0 : *reinterpret_cast<const uint32_t*>(word);
        }
        // only the first of the product's eight columns is used: lanes 0 to 3 hold it
        const int at = step * kMrTileRowBytes + byte;
        b[half] = lane < 4 && at < 2 * ldx ? *reinterpret_cast<const uint32_t*>(row + at) : 0;
      }
      mr_mma_bf16_16816(sums, a, b);
    }
  }
  if ((lane & 3) == 0) {
    float* to = out + (int64_t)blockIdx.x * LABELS + lane / 4;
    to[0] = sums[0];
    to[8] = sums[2];
  }
}
MR_EXPORT(mr_head_labels)

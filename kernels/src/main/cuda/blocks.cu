// Copies of whole blocks of the key-value cache: the partly filled block of a fork.
#include "millrace/device.cuh"

namespace {
constexpr int COPY_THREADS = 256;
}

// cache[l][pairs[2 i + 1]] = cache[l][pairs[2 i]] for all layers l
//
//   cache    bf16 [layers][blocks][2 (k, v)][K][blockTokens][D], seen as 16-byte words
//   pairs    int32 [count][2]: from, to. No block may be written twice or be both read and written
//   blockWords   16-byte words of one block of one layer: K * blockTokens * D / 4
//   layerWords   16-byte words of one layer: blocks * blockWords
//   grid     (count, layers, parts: any; 8 are enough)    block 256    shared 0
//   bytes    32 * blockWords per layer and pair; exact
//   test     rows_test: blocks
MR_KERNEL mr_copy_blocks(uint4* __restrict__ cache, const int32_t* __restrict__ pairs, int64_t blockWords,
                         int64_t layerWords) {
  uint4* layer = cache + blockIdx.y * layerWords;
  const uint4* from = layer + pairs[2 * blockIdx.x] * blockWords;
  uint4* to = layer + pairs[2 * blockIdx.x + 1] * blockWords;
  for (int64_t i = blockIdx.z * COPY_THREADS + threadIdx.x; i < blockWords; i += gridDim.z * COPY_THREADS) {
    to[i] = from[i];
  }
}
MR_EXPORT(mr_copy_blocks)

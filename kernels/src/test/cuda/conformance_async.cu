// Conformance kernels: background copies, mbarriers, TMA.
#include "millrace/device.cuh"

namespace {
struct CopyShared {
  uint32_t words[4][128][4];
};
}  // namespace

// 128 threads, four groups of one 16-byte copy each; odd threads' copies of group 2 have a false predicate. Each group
// is read as soon as it has arrived, through the neighbour's eyes.
MR_KERNEL test_cp_async(const uint32_t* in, uint32_t* out) {
  MR_SHARED(CopyShared, shared);
  const int t = static_cast<int>(threadIdx.x);
  for (int g = 0; g < 4; g++) {
    mr_cp_async16(shared.words[g][t], in + 4 * (128 * g + t), g != 2 || t % 2 == 0);
    mr_cp_async_commit();
  }
  auto read = [&](int g) {
    __syncthreads();
    const int neighbour = (t + 1) % 128;
    for (int i = 0; i < 4; i++) out[4 * (128 * g + t) + i] = shared.words[g][neighbour][i];
  };
  mr_cp_async_wait<3>();
  read(0);
  mr_cp_async_wait<2>();
  read(1);
  mr_cp_async_wait<0>();
  read(2);
  read(3);
}
MR_EXPORT(test_cp_async)

namespace {
constexpr int STAGES = 3;
struct PipelineShared {
  int values[STAGES][32];
  uint64_t full[STAGES], empty[STAGES];
};
}  // namespace

// Warp 0 produces, warps 1 and 2 consume, through a ring of stages; out[warp - 1][lane] = sum of (value * round).
MR_KERNEL test_mbarrier(const int* in, int* out, int rounds) {
  MR_SHARED(PipelineShared, shared);
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  if (threadIdx.x == 0) {
    for (int s = 0; s < STAGES; s++) {
      mr_mbar_init(&shared.full[s], 32);
      mr_mbar_init(&shared.empty[s], 64);
    }
    mr_mbar_fence_init();
  }
  __syncthreads();
  int sum = 0;
  for (int round = 0; round < rounds; round++) {
    const int stage = round % STAGES, parity = round / STAGES & 1;
    if (warp == 0) {
      mr_mbar_wait(&shared.empty[stage], parity ^ 1);
      shared.values[stage][lane] = in[32 * round + lane];
      mr_mbar_arrive(&shared.full[stage]);
    } else {
      mr_mbar_wait(&shared.full[stage], parity);
      sum += shared.values[stage][(lane + warp) % 32] * (round + 1);
      mr_mbar_arrive(&shared.empty[stage]);
    }
  }
  if (warp) out[32 * (warp - 1) + lane] = sum;
}
MR_EXPORT(test_mbarrier)

namespace {
constexpr int TILE_BYTES = 16384;
struct TileShared {
  unsigned char tile[TILE_BYTES];
  uint64_t arrived;
};

// Waits for `bytes`, then copies the tile's bytes as they lie to global memory.
MR_DEVICE void show_tile(TileShared& shared, uint8_t* out, int bytes) {
  mr_mbar_wait(&shared.arrived, 0);
  for (int i = static_cast<int>(threadIdx.x); i < bytes; i += static_cast<int>(blockDim.x)) out[i] = shared.tile[i];
}
MR_DEVICE void open_tile(TileShared& shared) {
  if (threadIdx.x == 0) {
    mr_mbar_init(&shared.arrived, 1);
    mr_mbar_fence_init();
  }
  __syncthreads();
}
}  // namespace

MR_KERNEL test_tma_load_2d(const __grid_constant__ mr_tmap map, uint8_t* out, int bytes, int x, int y) {
  MR_SHARED(TileShared, shared);
  open_tile(shared);
  if (threadIdx.x == 0) {
    mr_prefetch_tmap(&map);
    mr_mbar_expect_tx(&shared.arrived, bytes);
    mr_tma_load_2d(shared.tile, &map, &shared.arrived, x, y);
  }
  show_tile(shared, out, bytes);
}
MR_EXPORT(test_tma_load_2d)

MR_KERNEL test_tma_load_3d(const __grid_constant__ mr_tmap map, uint8_t* out, int bytes, int x, int y, int z) {
  MR_SHARED(TileShared, shared);
  open_tile(shared);
  if (threadIdx.x == 0) {
    mr_mbar_expect_tx(&shared.arrived, bytes);
    mr_tma_load_3d(shared.tile, &map, &shared.arrived, x, y, z);
  }
  show_tile(shared, out, bytes);
}
MR_EXPORT(test_tma_load_3d)

MR_KERNEL test_bulk_load(const uint8_t* in, uint8_t* out, int bytes) {
  MR_SHARED(TileShared, shared);
  open_tile(shared);
  if (threadIdx.x == 0) {
    mr_mbar_expect_tx(&shared.arrived, bytes);
    mr_bulk_load(shared.tile, in, bytes, &shared.arrived);
  }
  show_tile(shared, out, bytes);
}
MR_EXPORT(test_bulk_load)

MR_KERNEL test_tma_store_2d(const __grid_constant__ mr_tmap map, const uint8_t* in, int bytes, int x, int y) {
  MR_SHARED(TileShared, shared);
  for (int i = static_cast<int>(threadIdx.x); i < bytes; i += static_cast<int>(blockDim.x)) shared.tile[i] = in[i];
  mr_fence_async();
  __syncthreads();
  if (threadIdx.x == 0) {
    mr_tma_store_2d(&map, shared.tile, x, y);
    mr_bulk_commit();
    mr_bulk_wait<0>();
  }
}
MR_EXPORT(test_tma_store_2d)

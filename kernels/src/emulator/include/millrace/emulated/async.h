// Emulated bodies: cp.async, mbarrier, TMA, wgmma, register hand-over. Included by device.cuh only.
// Contracts: hardware/async.cuh and hardware/wgmma.cuh.
#pragma once

MR_DEVICE void mr_cp_async16(void* smem, const void* global, bool predicate, MR_AT_) {
  mr_emulated::runtime->cp_async(smem, global, predicate, MR_WHERE_);
}
MR_DEVICE void mr_cp_async_commit() { mr_emulated::runtime->cp_async_commit(); }
template <int N>
MR_DEVICE void mr_cp_async_wait() {
  mr_emulated::runtime->cp_async_wait(N);
}

struct alignas(64) mr_tmap {
  unsigned char opaque[128];
};
MR_DEVICE void mr_prefetch_tmap(const mr_tmap* map, MR_AT_) { mr_emulated::runtime->check_tensor_map(map, MR_WHERE_); }

MR_DEVICE void mr_mbar_init(uint64_t* bar, int arrivals, MR_AT_) {
  mr_emulated::runtime->mbarrier_init(bar, arrivals, MR_WHERE_);
}
MR_DEVICE void mr_mbar_fence_init() {}
MR_DEVICE void mr_mbar_expect_tx(uint64_t* bar, int bytes, MR_AT_) {
  mr_emulated::runtime->mbarrier_arrive(bar, bytes, MR_WHERE_);
}
MR_DEVICE void mr_mbar_arrive(uint64_t* bar, MR_AT_) { mr_emulated::runtime->mbarrier_arrive(bar, 0, MR_WHERE_); }
MR_DEVICE void mr_mbar_wait(uint64_t* bar, int parity, MR_AT_) {
  mr_emulated::runtime->mbarrier_wait(bar, parity, MR_WHERE_);
}
MR_DEVICE void mr_fence_async() {}

MR_DEVICE void mr_tma_load_2d(void* smem, const mr_tmap* map, uint64_t* bar, int x, int y, MR_AT_) {
  const int at[] = {x, y};
  mr_emulated::runtime->tensor_load(smem, map, bar, 2, at, MR_WHERE_);
}
MR_DEVICE void mr_tma_load_3d(void* smem, const mr_tmap* map, uint64_t* bar, int x, int y, int z, MR_AT_) {
  const int at[] = {x, y, z};
  mr_emulated::runtime->tensor_load(smem, map, bar, 3, at, MR_WHERE_);
}
MR_DEVICE void mr_tma_store_2d(const mr_tmap* map, const void* smem, int x, int y, MR_AT_) {
  const int at[] = {x, y};
  mr_emulated::runtime->tensor_store(map, smem, 2, at, MR_WHERE_);
}
MR_DEVICE void mr_bulk_commit() { mr_emulated::runtime->bulk_commit(); }
template <int N>
MR_DEVICE void mr_bulk_wait_read() {
  mr_emulated::runtime->bulk_wait(N, true);
}
template <int N>
MR_DEVICE void mr_bulk_wait() {
  mr_emulated::runtime->bulk_wait(N, false);
}
MR_DEVICE void mr_bulk_load(void* smem, const void* global, int bytes, uint64_t* bar, MR_AT_) {
  mr_emulated::runtime->bulk_load(smem, global, bytes, bar, MR_WHERE_);
}

template <int R>
MR_DEVICE void mr_reg_dec(MR_AT_) {
  static_assert(R >= 24 && R <= 256 && R % 8 == 0, "setmaxnreg takes multiples of 8 from 24 to 256");
  mr_emulated::runtime->set_max_registers(R, false, MR_WHERE_);
}
template <int R>
MR_DEVICE void mr_reg_inc(MR_AT_) {
  static_assert(R >= 24 && R <= 256 && R % 8 == 0, "setmaxnreg takes multiples of 8 from 24 to 256");
  mr_emulated::runtime->set_max_registers(R, true, MR_WHERE_);
}

MR_DEVICE void mr_wgmma_fence(MR_AT_) { mr_emulated::runtime->wgmma_fence(MR_WHERE_); }
MR_DEVICE void mr_wgmma_commit(MR_AT_) { mr_emulated::runtime->wgmma_commit(MR_WHERE_); }
template <int N>
MR_DEVICE void mr_wgmma_wait(MR_AT_) {
  mr_emulated::runtime->wgmma_wait(N, MR_WHERE_);
}
template <int N>
MR_DEVICE void mr_wgmma_settle(float (&)[N]) {}
template <int N>
MR_DEVICE void mr_wgmma_bf16(float (&d)[N / 2], uint64_t a, uint64_t b, int accumulate, MR_AT_) {
  const mr_emulated::Wgmma operands{mr_emulated::WGMMA_BF16, N, d, nullptr, a, b, accumulate};
  mr_emulated::runtime->wgmma(&operands, MR_WHERE_);
}
template <int N>
MR_DEVICE void mr_wgmma_bf16(float (&d)[N / 2], const uint32_t (&a)[4], uint64_t b, int accumulate, MR_AT_) {
  const mr_emulated::Wgmma operands{mr_emulated::WGMMA_BF16, N, d, a, 0, b, accumulate};
  mr_emulated::runtime->wgmma(&operands, MR_WHERE_);
}
template <int N>
MR_DEVICE void mr_wgmma_e4m3(float (&d)[N / 2], uint64_t a, uint64_t b, int accumulate, MR_AT_) {
  const mr_emulated::Wgmma operands{mr_emulated::WGMMA_E4M3, N, d, nullptr, a, b, accumulate};
  mr_emulated::runtime->wgmma(&operands, MR_WHERE_);
}

// Emulated bodies: warp-level matrix instructions and named barriers. Included by device.cuh only.
#pragma once

// Kernels read 32-bit addresses of shared memory as on the hardware; see hardware/tensor.cuh for all contracts.
MR_DEVICE uint32_t mr_smem_u32(const void* p, MR_AT_) { return mr_emulated::runtime->shared_address(p, MR_WHERE_); }

MR_DEVICE void mr_barrier_sync(int id, int threads, MR_AT_) {
  mr_emulated::runtime->barrier(id, threads, true, MR_WHERE_);
}
MR_DEVICE void mr_barrier_arrive(int id, int threads, MR_AT_) {
  mr_emulated::runtime->barrier(id, threads, false, MR_WHERE_);
}

MR_DEVICE void mr_mma_bf16_16816(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], MR_AT_) {
  mr_emulated::runtime->mma(mr_emulated::MMA_BF16_16816, d, a, b, MR_WHERE_);
}
MR_DEVICE void mr_mma_f16_16816(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], MR_AT_) {
  mr_emulated::runtime->mma(mr_emulated::MMA_F16_16816, d, a, b, MR_WHERE_);
}
MR_DEVICE void mr_mma_e4m3_16832(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], MR_AT_) {
  mr_emulated::runtime->mma(mr_emulated::MMA_E4M3_16832, d, a, b, MR_WHERE_);
}

MR_DEVICE void mr_ldmatrix_x1(uint32_t (&r)[1], const void* row, MR_AT_) {
  mr_emulated::runtime->ldmatrix(r, row, 1, false, MR_WHERE_);
}
MR_DEVICE void mr_ldmatrix_x2(uint32_t (&r)[2], const void* row, MR_AT_) {
  mr_emulated::runtime->ldmatrix(r, row, 2, false, MR_WHERE_);
}
MR_DEVICE void mr_ldmatrix_x4(uint32_t (&r)[4], const void* row, MR_AT_) {
  mr_emulated::runtime->ldmatrix(r, row, 4, false, MR_WHERE_);
}
MR_DEVICE void mr_ldmatrix_x1_trans(uint32_t (&r)[1], const void* row, MR_AT_) {
  mr_emulated::runtime->ldmatrix(r, row, 1, true, MR_WHERE_);
}
MR_DEVICE void mr_ldmatrix_x2_trans(uint32_t (&r)[2], const void* row, MR_AT_) {
  mr_emulated::runtime->ldmatrix(r, row, 2, true, MR_WHERE_);
}
MR_DEVICE void mr_ldmatrix_x4_trans(uint32_t (&r)[4], const void* row, MR_AT_) {
  mr_emulated::runtime->ldmatrix(r, row, 4, true, MR_WHERE_);
}
MR_DEVICE void mr_stmatrix_x4(const uint32_t (&r)[4], void* row, MR_AT_) {
  mr_emulated::runtime->stmatrix(r, row, 4, MR_WHERE_);
}

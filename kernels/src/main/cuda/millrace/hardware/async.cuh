// Hardware bodies: cp.async, mbarrier, TMA, register hand-over. Included by device.cuh only.
// What exists from sm_90 on is declared for every architecture and traps on older chips, so that a kernel
// with two bodies needs no preprocessor around its helpers.
#pragma once

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 900
#define MR_SM90_(...) __trap()
#else
#define MR_SM90_(...) asm volatile(__VA_ARGS__)
#endif
#if defined(__CUDA_ARCH__) && !defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define MR_SM90A_(...) __trap()
#else
#define MR_SM90A_(...) asm volatile(__VA_ARGS__)
#endif

// Copies 16 bytes to shared memory in the background; where the predicate is false, writes zeros.
MR_DEVICE void mr_cp_async16(void* smem, const void* global, bool predicate) {
  const int bytes = predicate ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(mr_smem_u32(smem)), "l"(global), "r"(bytes)
               : "memory");
}
MR_DEVICE void mr_cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Waits until at most N of this thread's committed groups are in flight.
template <int N>
MR_DEVICE void mr_cp_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

// A tensor map (cuTensorMapEncodeTiled), passed as a `const __grid_constant__ mr_tmap` parameter.
struct __align__(64) mr_tmap {
  unsigned char opaque[128];
};
MR_DEVICE void mr_prefetch_tmap(const mr_tmap* map) {
  MR_SM90_("prefetch.tensormap [%0];" ::"l"(reinterpret_cast<uint64_t>(map)) : "memory");
}

// mbarrier in shared memory: `arrivals` arrivals and all expected bytes end a phase.
MR_DEVICE void mr_mbar_init(uint64_t* bar, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(mr_smem_u32(bar)), "r"(arrivals) : "memory");
}
// After the inits and before the barriers' first use by others (a __syncthreads follows).
MR_DEVICE void mr_mbar_fence_init() { MR_SM90_("fence.mbarrier_init.release.cluster;" ::: "memory"); }
// Arrives and announces bytes that copies will deliver.
MR_DEVICE void mr_mbar_expect_tx(uint64_t* bar, int bytes) {
  MR_SM90_("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(mr_smem_u32(bar)), "r"(bytes) : "memory");
}
MR_DEVICE void mr_mbar_arrive(uint64_t* bar) {
  MR_SM90_("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(mr_smem_u32(bar)) : "memory");
}
// Waits until the phase of the given parity has ended: 0 for the first, 1 for the second, ...
MR_DEVICE void mr_mbar_wait(uint64_t* bar, int parity) {
  MR_SM90_(
      "{\n.reg .pred done;\nAGAIN%=:\nmbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
      "@done bra DONE%=;\nbra AGAIN%=;\nDONE%=:\n}" ::"r"(mr_smem_u32(bar)),
      "r"(parity)
      : "memory");
}
// Makes ordinary stores to shared memory visible to TMA and wgmma.
MR_DEVICE void mr_fence_async() { MR_SM90_("fence.proxy.async.shared::cta;" ::: "memory"); }

// TMA: one thread loads the box at the given element coordinates (x innermost) and credits the barrier with the
// box's bytes; elements outside the tensor arrive as zeros.
MR_DEVICE void mr_tma_load_2d(void* smem, const mr_tmap* map, uint64_t* bar, int x, int y) {
  MR_SM90_(
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::
          "r"(mr_smem_u32(smem)),
      "l"(reinterpret_cast<uint64_t>(map)), "r"(mr_smem_u32(bar)), "r"(x), "r"(y)
      : "memory");
}
MR_DEVICE void mr_tma_load_3d(void* smem, const mr_tmap* map, uint64_t* bar, int x, int y, int z) {
  MR_SM90_(
      "cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], "
      "[%2];" ::"r"(mr_smem_u32(smem)),
      "l"(reinterpret_cast<uint64_t>(map)), "r"(mr_smem_u32(bar)), "r"(x), "r"(y), "r"(z)
      : "memory");
}
// One thread stores the box; parts outside the tensor are dropped. Source free again after mr_bulk_wait_read.
MR_DEVICE void mr_tma_store_2d(const mr_tmap* map, const void* smem, int x, int y) {
  MR_SM90_("cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group [%0, {%2, %3}], [%1];" ::"l"(
               reinterpret_cast<uint64_t>(map)),
           "r"(mr_smem_u32(smem)), "r"(x), "r"(y)
           : "memory");
}
MR_DEVICE void mr_bulk_commit() { MR_SM90_("cp.async.bulk.commit_group;" ::: "memory"); }
template <int N>
MR_DEVICE void mr_bulk_wait_read() {
  MR_SM90_("cp.async.bulk.wait_group.read %0;" ::"n"(N) : "memory");
}
template <int N>
MR_DEVICE void mr_bulk_wait() {
  MR_SM90_("cp.async.bulk.wait_group %0;" ::"n"(N) : "memory");
}
// Plain bulk copy of a multiple of 16 bytes, 16-byte aligned on both sides.
MR_DEVICE void mr_bulk_load(void* smem, const void* global, int bytes, uint64_t* bar) {
  MR_SM90_("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
               mr_smem_u32(smem)),
           "l"(global), "r"(bytes), "r"(mr_smem_u32(bar))
           : "memory");
}

// Hands registers between the warpgroups of a block (setmaxnreg).
template <int R>
MR_DEVICE void mr_reg_dec() {
  MR_SM90A_("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(R));
}
template <int R>
MR_DEVICE void mr_reg_inc() {
  MR_SM90A_("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(R));
}

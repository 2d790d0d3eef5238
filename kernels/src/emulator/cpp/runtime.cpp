// The table handed to kernel libraries.
#include "block.h"
#include "warp.h"

namespace mr_emulated {
namespace {

void barrier(int id, int threads, bool wait, Where where) { Block::current().barrier(id, threads, wait, where); }

uint32_t shared_address(const void* p, Where where) {
  Block& block = Block::current();
  return SHARED_BASE + block.shared_offset(p, 0, 1, "shared address", where);
}

void fail(const char* what, bool misaligned, Where where) {
  Block::current().fail(misaligned ? CUDA_ERROR_MISALIGNED_ADDRESS : CUDA_ERROR_ASSERT, what, where);
}

}  // namespace

extern const Runtime RUNTIME{
    ABI_VERSION,     barrier,      sync_warp,       shuffle,         ballot,        match_any,     ldmatrix,
    stmatrix,        mma,          cp_async,        cp_async_commit, cp_async_wait, mbarrier_init, mbarrier_arrive,
    mbarrier_wait,   tensor_load,  tensor_store,    bulk_load,       bulk_commit,   bulk_wait,     check_tensor_map,
    wgmma,           wgmma_fence,  wgmma_commit,    wgmma_wait,      set_max_registers,
    shared_address,  fail,
};

}  // namespace mr_emulated

// Hardware bodies: warp-level matrix instructions and named barriers. Included by device.cuh only.
#pragma once

MR_DEVICE uint32_t mr_smem_u32(const void* p) { return static_cast<uint32_t>(__cvta_generic_to_shared(p)); }

// Barrier `id` (1..15) over `threads` (a multiple of 32) threads of the block; 0 is __syncthreads.
MR_DEVICE void mr_barrier_sync(int id, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}
// Counts as arrived without waiting.
MR_DEVICE void mr_barrier_arrive(int id, int threads) {
  asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

// d += a * b, a 16x16 row-major, b 16x8 column-major, fragments as in the PTX manual (m16n8k16).
MR_DEVICE void mr_mma_bf16_16816(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// The same with f16 operands.
MR_DEVICE void mr_mma_f16_16816(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// d += a * b, a 16x32 row-major, b 32x8 column-major, e4m3 (m16n8k32). Exists from sm_89; on older chips the
// operands are widened to f16 (exact for e4m3) and multiplied by two m16n8k16 steps.
MR_DEVICE void mr_mma_e4m3_16832(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 890
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  // A thread's four bytes of one register are k = 4t..4t+3. The two m16n8k16 steps may take any k order as
  // long as a and b agree: step 0 gets bytes 0 and 1 of each register, step 1 bytes 2 and 3.
  auto widen = [](uint32_t word, int pair) {
    const uint32_t two = word >> (16 * pair);
    auto half_bits = [](uint32_t v) {
      // e4m3 -> f16: exponent bias 7 -> 15, mantissa 3 -> 10 bits; scaling by 2^8 in f16 is exact.
      uint32_t bits = (v & 0x7f) << 7;
      asm("{.reg .b16 x, s; cvt.u16.u32 x, %0; mov.b16 s, 0x5c00; mul.f16 x, x, s; cvt.u32.u16 %0, x;}" : "+r"(bits));
      if ((v & 0x7f) == 0x7f) bits = 0x7fff;
      return bits | (v & 0x80) << 8;
    };
    return half_bits(two & 0xff) | half_bits(two >> 8 & 0xff) << 16;
  };
#pragma unroll
  for (int pair = 0; pair < 2; pair++) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(widen(a[0], pair)), "r"(widen(a[1], pair)), "r"(widen(a[2], pair)), "r"(widen(a[3], pair)),
          "r"(widen(b[0], pair)), "r"(widen(b[1], pair)));
  }
#endif
}

// Loads 8x8 matrices of 16-bit elements; lane 8i + r passes the address of row r of matrix i.
#define MR_LDMATRIX_(name, count, qualifier, outputs, ...)                                          \
  MR_DEVICE void name(uint32_t (&r)[count], const void* row) {                                      \
    asm volatile("ldmatrix.sync.aligned.m8n8.x" #count qualifier ".shared.b16 " outputs ";"         \
                 : __VA_ARGS__                                                                      \
                 : "r"(mr_smem_u32(row))                                                            \
                 : "memory");                                                                       \
  }
MR_LDMATRIX_(mr_ldmatrix_x1, 1, "", "{%0}, [%1]", "=r"(r[0]))
MR_LDMATRIX_(mr_ldmatrix_x2, 2, "", "{%0,%1}, [%2]", "=r"(r[0]), "=r"(r[1]))
MR_LDMATRIX_(mr_ldmatrix_x4, 4, "", "{%0,%1,%2,%3}, [%4]", "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]))
MR_LDMATRIX_(mr_ldmatrix_x1_trans, 1, ".trans", "{%0}, [%1]", "=r"(r[0]))
MR_LDMATRIX_(mr_ldmatrix_x2_trans, 2, ".trans", "{%0,%1}, [%2]", "=r"(r[0]), "=r"(r[1]))
MR_LDMATRIX_(mr_ldmatrix_x4_trans, 4, ".trans", "{%0,%1,%2,%3}, [%4]", "=r"(r[0]), "=r"(r[1]), "=r"(r[2]),
             "=r"(r[3]))
#undef MR_LDMATRIX_

// Stores four 8x8 matrices, addresses as in ldmatrix. From sm_90 on; older chips store element pairs.
MR_DEVICE void mr_stmatrix_x4(const uint32_t (&r)[4], void* row) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1,%2,%3,%4};" ::"r"(mr_smem_u32(row)), "r"(r[0]),
               "r"(r[1]), "r"(r[2]), "r"(r[3])
               : "memory");
#else
  const uint32_t mine = mr_smem_u32(row);
  const int lane = threadIdx.x & 31;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const uint32_t target = __shfl_sync(0xffffffffu, mine, 8 * i + (lane >> 2)) + 4 * (lane & 3);
    asm volatile("st.shared.b32 [%0], %1;" ::"r"(target), "r"(r[i]) : "memory");
  }
#endif
}

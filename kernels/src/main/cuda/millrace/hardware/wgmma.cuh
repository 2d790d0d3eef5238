// Hardware bodies: wgmma, the warpgroup's matrix instruction of sm_90a. Included by device.cuh only.
//
// d[64 x N] (+)= a[64 x K] * b[N x K]^T, K = 16 for bf16 and 32 for e4m3; a and b are K-major tiles in shared
// memory named by descriptors (mr_wgmma_descriptor), or a comes from registers (fragments as of mma m16n8k16,
// rows 16 * warp + ...). Thread t of the warpgroup holds d[4j + 2h + e] = D[16 (t / 32) + t % 32 / 4 + 8 h][8 j +
// 2 (t % 4) + e]. All of it is asynchronous: fence before the first, commit after the last, wait before d is read.
#pragma once

MR_DEVICE void mr_wgmma_fence() { MR_SM90A_("wgmma.fence.sync.aligned;" ::: "memory"); }
MR_DEVICE void mr_wgmma_commit() { MR_SM90A_("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int N>
MR_DEVICE void mr_wgmma_wait() {
  MR_SM90A_("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory");
}

// No instruction: after the wait, tells the compiler that the accumulators have just changed, lest it computes with
// them before.
template <int N>
MR_DEVICE void mr_wgmma_settle(float (&d)[N]) {
#pragma unroll
  for (int i = 0; i < N; i++) asm volatile("" : "+f"(d[i])::"memory");
}

// Operand lists: MR_Pi_ names operands 8i .. 8i+7, MR_Fi_ binds d[8i] .. d[8i+7].
#define MR_P0_ "%0, %1, %2, %3, %4, %5, %6, %7"
#define MR_P1_ "%8, %9, %10, %11, %12, %13, %14, %15"
#define MR_P2_ "%16, %17, %18, %19, %20, %21, %22, %23"
#define MR_P3_ "%24, %25, %26, %27, %28, %29, %30, %31"
#define MR_P4_ "%32, %33, %34, %35, %36, %37, %38, %39"
#define MR_P5_ "%40, %41, %42, %43, %44, %45, %46, %47"
#define MR_P6_ "%48, %49, %50, %51, %52, %53, %54, %55"
#define MR_P7_ "%56, %57, %58, %59, %60, %61, %62, %63"
#define MR_P8_ "%64, %65, %66, %67, %68, %69, %70, %71"
#define MR_P9_ "%72, %73, %74, %75, %76, %77, %78, %79"
#define MR_P10_ "%80, %81, %82, %83, %84, %85, %86, %87"
#define MR_P11_ "%88, %89, %90, %91, %92, %93, %94, %95"
#define MR_P12_ "%96, %97, %98, %99, %100, %101, %102, %103"
#define MR_P13_ "%104, %105, %106, %107, %108, %109, %110, %111"
#define MR_P14_ "%112, %113, %114, %115, %116, %117, %118, %119"
#define MR_P15_ "%120, %121, %122, %123, %124, %125, %126, %127"
#define MR_F0_ "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7])
#define MR_F1_ "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15])
#define MR_F2_ "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23])
#define MR_F3_ "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31])
#define MR_F4_ "+f"(d[32]), "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39])
#define MR_F5_ "+f"(d[40]), "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47])
#define MR_F6_ "+f"(d[48]), "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55])
#define MR_F7_ "+f"(d[56]), "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63])
#define MR_F8_ "+f"(d[64]), "+f"(d[65]), "+f"(d[66]), "+f"(d[67]), "+f"(d[68]), "+f"(d[69]), "+f"(d[70]), "+f"(d[71])
#define MR_F9_ "+f"(d[72]), "+f"(d[73]), "+f"(d[74]), "+f"(d[75]), "+f"(d[76]), "+f"(d[77]), "+f"(d[78]), "+f"(d[79])
#define MR_F10_ "+f"(d[80]), "+f"(d[81]), "+f"(d[82]), "+f"(d[83]), "+f"(d[84]), "+f"(d[85]), "+f"(d[86]), "+f"(d[87])
#define MR_F11_ "+f"(d[88]), "+f"(d[89]), "+f"(d[90]), "+f"(d[91]), "+f"(d[92]), "+f"(d[93]), "+f"(d[94]), "+f"(d[95])
#define MR_F12_ "+f"(d[96]), "+f"(d[97]), "+f"(d[98]), "+f"(d[99]), "+f"(d[100]), "+f"(d[101]), "+f"(d[102]), "+f"(d[103])
#define MR_F13_ "+f"(d[104]), "+f"(d[105]), "+f"(d[106]), "+f"(d[107]), "+f"(d[108]), "+f"(d[109]), "+f"(d[110]), "+f"(d[111])
#define MR_F14_ "+f"(d[112]), "+f"(d[113]), "+f"(d[114]), "+f"(d[115]), "+f"(d[116]), "+f"(d[117]), "+f"(d[118]), "+f"(d[119])
#define MR_F15_ "+f"(d[120]), "+f"(d[121]), "+f"(d[122]), "+f"(d[123]), "+f"(d[124]), "+f"(d[125]), "+f"(d[126]), "+f"(d[127])

template <int N>
struct MrWgmmaShape_;

#define MR_WGMMA_SHAPE_(n, operands, a, b, s, a0, a1, a2, a3, rb, rs, ...)                                          \
  template <>                                                                                                       \
  struct MrWgmmaShape_<n> {                                                                                         \
    static __device__ __forceinline__ void bf16(float (&d)[n / 2], uint64_t da, uint64_t db, int accumulate) {      \
      MR_SM90A_("{\n.reg .pred p;\nsetp.ne.b32 p, %" #s ", 0;\n"                                                    \
                "wgmma.mma_async.sync.aligned.m64n" #n "k16.f32.bf16.bf16 {" operands "}, %" #a ", %" #b             \
                ", p, 1, 1, 0, 0;\n}"                                                                               \
                : __VA_ARGS__                                                                                       \
                : "l"(da), "l"(db), "r"(accumulate));                                                               \
    }                                                                                                               \
    static __device__ __forceinline__ void e4m3(float (&d)[n / 2], uint64_t da, uint64_t db, int accumulate) {      \
      MR_SM90A_("{\n.reg .pred p;\nsetp.ne.b32 p, %" #s ", 0;\n"                                                    \
                "wgmma.mma_async.sync.aligned.m64n" #n "k32.f32.e4m3.e4m3 {" operands "}, %" #a ", %" #b             \
                ", p, 1, 1;\n}"                                                                                     \
                : __VA_ARGS__                                                                                       \
                : "l"(da), "l"(db), "r"(accumulate));                                                               \
    }                                                                                                               \
    static __device__ __forceinline__ void bf16(float (&d)[n / 2], const uint32_t (&ra)[4], uint64_t db,            \
                                                int accumulate) {                                                   \
      MR_SM90A_("{\n.reg .pred p;\nsetp.ne.b32 p, %" #rs ", 0;\n"                                                   \
                "wgmma.mma_async.sync.aligned.m64n" #n "k16.f32.bf16.bf16 {" operands "}, {%" #a0 ", %" #a1 ", %" #a2\
                ", %" #a3 "}, %" #rb ", p, 1, 1, 0;\n}"                                                             \
                : __VA_ARGS__                                                                                       \
                : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "l"(db), "r"(accumulate));                        \
    }                                                                                                               \
  };
MR_WGMMA_SHAPE_(8, "%0,%1,%2,%3", 4, 5, 6, 4, 5, 6, 7, 8, 9, "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]))
MR_WGMMA_SHAPE_(16, MR_P0_, 8, 9, 10, 8, 9, 10, 11, 12, 13, MR_F0_)
MR_WGMMA_SHAPE_(32, MR_P0_ "," MR_P1_, 16, 17, 18, 16, 17, 18, 19, 20, 21, MR_F0_, MR_F1_)
MR_WGMMA_SHAPE_(64, MR_P0_ "," MR_P1_ "," MR_P2_ "," MR_P3_, 32, 33, 34, 32, 33, 34, 35, 36, 37, MR_F0_, MR_F1_,
                MR_F2_, MR_F3_)
MR_WGMMA_SHAPE_(96, MR_P0_ "," MR_P1_ "," MR_P2_ "," MR_P3_ "," MR_P4_ "," MR_P5_, 48, 49, 50, 48, 49, 50, 51, 52,
                53, MR_F0_, MR_F1_, MR_F2_, MR_F3_, MR_F4_, MR_F5_)
MR_WGMMA_SHAPE_(128, MR_P0_ "," MR_P1_ "," MR_P2_ "," MR_P3_ "," MR_P4_ "," MR_P5_ "," MR_P6_ "," MR_P7_, 64, 65,
                66, 64, 65, 66, 67, 68, 69, MR_F0_, MR_F1_, MR_F2_, MR_F3_, MR_F4_, MR_F5_, MR_F6_, MR_F7_)
MR_WGMMA_SHAPE_(192, MR_P0_ "," MR_P1_ "," MR_P2_ "," MR_P3_ "," MR_P4_ "," MR_P5_ "," MR_P6_ "," MR_P7_ "," MR_P8_
                "," MR_P9_ "," MR_P10_ "," MR_P11_, 96, 97, 98, 96, 97, 98, 99, 100, 101, MR_F0_, MR_F1_, MR_F2_,
                MR_F3_, MR_F4_, MR_F5_, MR_F6_, MR_F7_, MR_F8_, MR_F9_, MR_F10_, MR_F11_)
MR_WGMMA_SHAPE_(256, MR_P0_ "," MR_P1_ "," MR_P2_ "," MR_P3_ "," MR_P4_ "," MR_P5_ "," MR_P6_ "," MR_P7_ "," MR_P8_
                "," MR_P9_ "," MR_P10_ "," MR_P11_ "," MR_P12_ "," MR_P13_ "," MR_P14_ "," MR_P15_, 128, 129, 130,
                128, 129, 130, 131, 132, 133, MR_F0_, MR_F1_, MR_F2_, MR_F3_, MR_F4_, MR_F5_, MR_F6_, MR_F7_,
                MR_F8_, MR_F9_, MR_F10_, MR_F11_, MR_F12_, MR_F13_, MR_F14_, MR_F15_)
#undef MR_WGMMA_SHAPE_

template <int N>
MR_DEVICE void mr_wgmma_bf16(float (&d)[N / 2], uint64_t a, uint64_t b, int accumulate) {
  MrWgmmaShape_<N>::bf16(d, a, b, accumulate);
}
template <int N>
MR_DEVICE void mr_wgmma_bf16(float (&d)[N / 2], const uint32_t (&a)[4], uint64_t b, int accumulate) {
  MrWgmmaShape_<N>::bf16(d, a, b, accumulate);
}
template <int N>
MR_DEVICE void mr_wgmma_e4m3(float (&d)[N / 2], uint64_t a, uint64_t b, int accumulate) {
  MrWgmmaShape_<N>::e4m3(d, a, b, accumulate);
}

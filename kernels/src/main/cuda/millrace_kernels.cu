// All kernels as one image per architecture: what nvcc compiles. Every file included here also compiles alone (the
// emulator's build does that), so files keep their constants and helpers in namespaces of their own.
#include "attend.cu"
#include "attend_split.cu"
#include "blocks.cu"
#include "combine.cu"
#include "gemm_bf16.cu"
#include "logits.cu"
#include "norm.cu"
#include "probe.cu"
#include "repack.cu"
#include "rotate.cu"
#include "route.cu"
#include "rows.cu"

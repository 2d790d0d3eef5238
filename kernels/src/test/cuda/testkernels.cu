// All test kernels as one image per architecture: what `build-kernels --tests` compiles for a GPU.
#include "conformance_async.cu"
#include "conformance_numbers.cu"
#include "conformance_warp.cu"
#include "conformance_wgmma.cu"
#include "shared_memory.cu"

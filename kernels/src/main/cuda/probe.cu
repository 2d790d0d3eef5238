// mr_probe: shows that an image runs on the device before anything depends on it.
//
// Formula   out[0] = 100 * major + 10 * minor of the code that runs, out[1] = 1 if it has TMA and wgmma,
//           out[2 + i] = in[i] * 2654435761 + i (mod 2^32)
// Shapes    in u32 [n], out u32 [n + 2]
// Launch    any grid and block that cover n threads
// Bytes     8 n, FLOP none
// Test      src/test/cpp/probe_test.cpp
#include "millrace/device.cuh"

MR_KERNEL mr_probe(const uint32_t* in, uint32_t* out, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i == 0) {
    out[0] = MR_ARCH;
    out[1] = MR_HAS_WGMMA;
  }
  if (i < n) out[2 + i] = in[i] * 2654435761u + static_cast<uint32_t>(i);
}
MR_EXPORT(mr_probe)

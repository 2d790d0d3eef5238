// Conformance kernels: conversions and fast maths, element by element.
#include "millrace/device.cuh"

MR_KERNEL test_bf16_to_f32(const uint16_t* in, uint32_t* out, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) out[i] = mr_as_u32(mr_bf16_to_f32(in[i]));
}
MR_EXPORT(test_bf16_to_f32)

MR_KERNEL test_f32_to_bf16(const uint32_t* in, uint16_t* out, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) out[i] = mr_f32_to_bf16(mr_as_f32(in[i]));
}
MR_EXPORT(test_f32_to_bf16)

MR_KERNEL test_e4m3_to_f32(const uint8_t* in, uint32_t* out, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) out[i] = mr_as_u32(mr_e4m3_to_f32(in[i]));
}
MR_EXPORT(test_e4m3_to_f32)

MR_KERNEL test_f32_to_e4m3(const uint32_t* in, uint8_t* out, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) out[i] = mr_f32_to_e4m3(mr_as_f32(in[i]));
}
MR_EXPORT(test_f32_to_e4m3)

// out[f * n + i]; functions as in conformance_numbers_test.cpp.
MR_KERNEL test_fast_maths(const float* in, float* out, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= n) return;
  const float x = in[i], positive = mr_max(x, -x) + 1e-6f;
  int f = 0;
  auto put = [&](float value) { out[f++ * n + i] = value; };
  put(mr_exp2(x));
  put(mr_exp(x));
  put(mr_log2(positive));
  put(mr_log(positive));
  put(mr_rsqrt(positive));
  put(mr_rcp(positive));
  put(mr_fma(x, x, -1.0f));
  put(mr_add(mr_mul(x, x), -1.0f));
  put(mr_min(x, 0.25f));
}
MR_EXPORT(test_fast_maths)

MR_KERNEL test_pack_bf16(const float* in, uint32_t* out) {
  const int i = static_cast<int>(threadIdx.x);
  out[i] = mr_pack_bf16(in[2 * i], in[2 * i + 1]);
}
MR_EXPORT(test_pack_bf16)

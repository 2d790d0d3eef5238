// What cuTensorMapEncodeTiled leaves in the 128 bytes of a tensor map, on this side.
#pragma once
#include <stdint.h>

struct TensorMap {
  static constexpr uint64_t MAGIC = 0x70616d65636c696dull;
  uint64_t magic = 0;
  uint64_t base = 0;
  uint64_t dims[5] = {};
  uint64_t strides[4] = {};  // bytes, of dimensions 1..4
  uint16_t box[5] = {};
  uint8_t rank = 0;
  uint8_t element = 0;  // bytes
  uint8_t swizzle = 0;  // 0 none, 1: 32, 2: 64, 3: 128 bytes
  uint8_t nan_fill = 0;
};
static_assert(sizeof(TensorMap) <= 128, "a tensor map has 128 bytes");

// Swizzles an offset in shared memory: exchanges 16-byte units within 128, 64 or 32 bytes by the row's number.
inline uint32_t swizzled(uint32_t offset, int mode) {
  switch (mode) {
    case 3: return offset ^ ((offset >> 7 & 7) << 4);
    case 2: return offset ^ ((offset >> 7 & 3) << 4);
    case 1: return offset ^ ((offset >> 7 & 1) << 4);
    default: return offset;
  }
}

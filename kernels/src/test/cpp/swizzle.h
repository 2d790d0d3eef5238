// Where TMA and wgmma keep a byte of a swizzled tile, after the PTX manual: rows of `row_bytes`; 16-byte units are
// exchanged by the row's number modulo 8 (128-byte swizzle), by its half modulo 4 (64) or its quarter modulo 2 (32).
#pragma once
#include <stddef.h>

inline size_t swizzled_offset(int row, int byte, int row_bytes, int swizzle) {
  const int phase = swizzle == 128 ? row % 8 : swizzle == 64 ? row / 2 % 4 : swizzle == 32 ? row / 4 % 2 : 0;
  return static_cast<size_t>(row * row_bytes + ((byte / 16 ^ phase) * 16) + byte % 16);
}

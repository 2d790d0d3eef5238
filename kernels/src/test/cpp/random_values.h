// Seeded values for tests of kernels, exact in their storage type.
#pragma once

#include <math.h>
#include <stdint.h>

#include <vector>

#include "numbers.h"

namespace millrace_test {

// SplitMix64 (Steele, Lea and Flood, 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state(seed) {}

  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }

  int below(int bound) { return (int)(next() % (uint64_t)bound); }

  double uniform() { return (double)(next() >> 11) * 0x1p-53; }

  // Of standard normal distribution.
  double gaussian() {
    const double radius = sqrt(-2 * log(1 - uniform()));
    return radius * cos(6.283185307179586 * uniform());
  }

  std::vector<float> floats(size_t count, double deviation) {
    std::vector<float> values(count);
    for (float& value : values) value = (float)(deviation * gaussian());
    return values;
  }

  std::vector<uint16_t> bf16(size_t count, double deviation) {
    std::vector<uint16_t> values(count);
    for (uint16_t& value : values) value = bf16_nearest((float)(deviation * gaussian()));
    return values;
  }

 private:
  uint64_t state;
};

}  // namespace millrace_test

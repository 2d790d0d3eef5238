// Sequences with random queries, keys and values, a paged cache that holds them, and attention of chosen rows
// in double precision. What no row may read is poison: a NaN in the cache, a block of its own in the table.
#pragma once

#include <stdint.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "random_values.h"

namespace millrace_test {

struct AttentionShape {
  int headDimension, group, kvHeads, blockTokens, visible;
  int queryHeads() const { return group * kvHeads; }
};

// One sequence: its last `rows` positions have queries.
struct Sequence {
  int length, rows;
  int first() const { return length - rows; }
};

class AttentionProblem {
 public:
  AttentionProblem(const AttentionShape& shape, const std::vector<Sequence>& sequences, uint64_t seed,
                   float deviation = 1)
      : shape(shape), sequences(sequences) {
    Random random(seed);
    for (const Sequence& sequence : sequences) {
      const int from = firstVisible(sequence.first());
      firstStored.push_back(from);
      queries.push_back(random.bf16((size_t)sequence.rows * shape.queryHeads() * shape.headDimension, deviation));
      const size_t elements = (size_t)(sequence.length - from) * shape.kvHeads * shape.headDimension;
      keys.push_back(random.bf16(elements, deviation));
      values.push_back(random.bf16(elements, 1));
    }
  }

  // Makes the values of each sequence cancel: every key occurs twice, far apart and in another order, with opposite
  // values, and what the rows themselves add is zero. Results are then nothing but the rounding of sums, of which
  // bf16 shows every bit, so that a change in the order of additions is seen.
  void cancel(uint64_t seed) {
    Random random(seed);
    const size_t row = (size_t)shape.kvHeads * shape.headDimension;
    for (size_t s = 0; s < sequences.size(); s++) {
      const size_t half = (size_t)(sequences[s].first() - firstStored[s]) / 2;
      std::vector<size_t> order(half);
      for (size_t i = 0; i < half; i++) order[i] = i;
      for (size_t i = half; i > 1; i--) std::swap(order[i - 1], order[(size_t)random.below((int)i)]);
      for (size_t i = 0; i < half; i++) {
        std::copy_n(&keys[s][i * row], row, &keys[s][(half + order[i]) * row]);
        for (size_t e = 0; e < row; e++) values[s][(half + order[i]) * row + e] = values[s][i * row + e] ^ 0x8000;
      }
      std::fill(values[s].begin() + (std::ptrdiff_t)(2 * half * row), values[s].end(), (uint16_t)0);
    }
  }

  const AttentionShape shape;
  const std::vector<Sequence> sequences;
  // Of sequence s: queries [rows][Q][D], keys and values [positions from firstStored][K][D].
  std::vector<std::vector<uint16_t>> queries, keys, values;
  std::vector<int> firstStored;

  int firstVisible(int position) const {
    if (shape.visible < 0) return std::max(0, position - (-shape.visible - 1));
    return shape.visible == 0 ? 0 : position / shape.visible * shape.visible;
  }

  // Reference of one query head of one row: D values.
  std::vector<double> expected(int s, int row, int head) const {
    const int d = shape.headDimension, kvHead = head / shape.group;
    const int position = sequences[s].first() + row, from = firstVisible(position);
    const uint16_t* q = &queries[s][((size_t)row * shape.queryHeads() + head) * d];
    std::vector<double> weights, out(d);
    for (int at = from; at <= position; at++) {
      const uint16_t* k = &keys[s][((size_t)(at - firstStored[s]) * shape.kvHeads + kvHead) * d];
      double dot = 0;
      for (int i = 0; i < d; i++) dot += (double)bf16_value(q[i]) * bf16_value(k[i]);
      weights.push_back(dot / std::sqrt((double)d));
    }
    const double top = *std::max_element(weights.begin(), weights.end());
    double sum = 0;
    for (double& weight : weights) sum += weight = std::exp(weight - top);
    for (int at = from; at <= position; at++) {
      const uint16_t* v = &values[s][((size_t)(at - firstStored[s]) * shape.kvHeads + kvHead) * d];
      for (int i = 0; i < d; i++) out[i] += weights[at - from] / sum * bf16_value(v[i]);
    }
    return out;
  }
};

// Where sequences lie in a cache: block tables dealt at random, and the cache itself.
class PagedCache {
 public:
  PagedCache(const AttentionProblem& problem, int blockTokens, uint64_t seed) : blockTokens(blockTokens) {
    const AttentionShape& shape = problem.shape;
    Random random(seed);
    int blocks = 1;  // block 0 belongs to nobody and stays poison
    for (size_t s = 0; s < problem.sequences.size(); s++) {
      const int end = (problem.sequences[s].length + blockTokens - 1) / blockTokens;
      tables.emplace_back(end, 0);
      for (int i = problem.firstStored[s] / blockTokens; i < end; i++) tables[s][i] = blocks++;
    }
    std::vector<int> dealt(blocks);
    for (int i = 0; i < blocks; i++) dealt[i] = i;
    for (int i = blocks - 1; i > 1; i--) std::swap(dealt[i], dealt[1 + random.below(i)]);
    for (auto& table : tables) {
      for (int& block : table) block = dealt[block];
    }
    const size_t head = (size_t)blockTokens * shape.headDimension, half = shape.kvHeads * head;
    elements.assign(2 * half * blocks, 0x7fff);
    for (size_t s = 0; s < problem.sequences.size(); s++) {
      for (int at = problem.firstStored[s]; at < problem.sequences[s].length; at++) {
        for (int kvHead = 0; kvHead < shape.kvHeads; kvHead++) {
          const size_t from =
              ((size_t)(at - problem.firstStored[s]) * shape.kvHeads + kvHead) * shape.headDimension;
          const size_t to = tables[s][at / blockTokens] * 2 * half + kvHead * head +
                            (size_t)(at % blockTokens) * shape.headDimension;
          std::copy_n(&problem.keys[s][from], shape.headDimension, &elements[to]);
          std::copy_n(&problem.values[s][from], shape.headDimension, &elements[to + half]);
        }
      }
    }
  }

  const int blockTokens;
  std::vector<std::vector<int>> tables;
  std::vector<uint16_t> elements;
};

}  // namespace millrace_test

// Makes the control block of a step as step.cuh describes it.
#pragma once

#include <stdint.h>

#include <vector>

namespace millrace_test {

struct StepRun {
  std::vector<int> tokens;
  int position;
  std::vector<int> table;
  bool isShort = false;
};

// Words of the block; `rowCapacity` at least the number of rows.
inline std::vector<int32_t> stepBlock(const std::vector<StepRun>& runs, int rowCapacity, int blockTokens) {
  int rows = 0;
  for (const StepRun& run : runs) rows += (int)run.tokens.size();
  const size_t runsAt = 32 + 4 * (size_t)rowCapacity;
  std::vector<int32_t> words(runsAt + 8 * runs.size());
  words[0] = rows;
  words[1] = (int32_t)runs.size();
  int row = 0, partials = 0;
  for (size_t r = 0; r < runs.size(); r++) {
    const StepRun& run = runs[r];
    const int count = (int)run.tokens.size();
    int32_t* record = &words[runsAt + 8 * r];
    record[0] = row;
    record[1] = count;
    record[2] = run.position;
    record[3] = (int32_t)words.size();
    if (run.isShort) {
      record[4] = partials;
      partials += count * ((run.position + count - 1) / 512 + 1);
    }
    words[runsAt + 8 * words[run.isShort ? 2 : 3]++ + (run.isShort ? 5 : 6)] = (int32_t)r;
    for (int i = 0; i < count; i++, row++) {
      int32_t* mine = &words[32 + 4 * (size_t)row];
      mine[0] = run.tokens[i];
      mine[1] = run.position + i;
      mine[2] = (int32_t)r;
      const size_t block = (run.position + i) / blockTokens;
      mine[3] = block < run.table.size() ? run.table[block] : 0;
    }
    words.insert(words.end(), run.table.begin(), run.table.end());
  }
  return words;
}

// What partialCapacity must be at least for these runs.
inline int partialsOf(const std::vector<StepRun>& runs) {
  int partials = 0;
  for (const StepRun& run : runs) {
    const int count = (int)run.tokens.size();
    if (run.isShort) partials += count * ((run.position + count - 1) / 512 + 1);
  }
  return partials;
}

}  // namespace millrace_test

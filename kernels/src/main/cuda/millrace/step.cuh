// The control block of a step: everything about a step that changes from step to step, in one buffer
// of int32 in device memory. Kernels read it instead of taking such values as parameters, so that a
// captured graph never changes: its grids are sized for a bucket, and blocks beyond the real size
// leave at once.
//
// Layout, in words of 32 bits, little endian, base aligned to 128 bytes:
//
//   [0]  rows         T: rows of the step, 0 allowed
//   [1]  runs         R: runs of consecutive tokens of one sequence each, in row order
//   [2]  shortRuns    runs that mr_attend_split and mr_attend_merge attend
//   [3]  longRuns     runs that mr_attend attends; shortRuns + longRuns = runs. Both give the same
//                     bits, so which run goes where is a matter of speed and scratch memory only
//   [4]..[31]         zero
//   [32 + 4 t]        row t, 4 words, t < T:
//       + 0 token         id, row of the embedding table
//       + 1 position      absolute position, 0 .. 2^31 - 1
//       + 2 run           index of its run
//       + 3 block         physical block that holds this position: table[position / blockTokens]
//   [32 + 4 rowCapacity + 8 r]  run r, 8 words, r < R:
//       + 0 firstRow
//       + 1 rows          at least 1
//       + 2 firstPosition
//       + 3 table         word of this control block at which the run's block table begins:
//                         entry i holds positions i * blockTokens .. (i + 1) * blockTokens - 1.
//                         Entries that no row of the run can see (before its chunk) are never read
//       + 4 partials      short runs: sum of rows * splits over the short runs before it, where
//                         splits = (firstPosition + rows - 1) / 512 + 1; long runs: zero
//       + 5 shortRun      not of this run: index of the r-th short run (r < shortRuns, else zero)
//       + 6 longRun       not of this run: index of the r-th long run (r < longRuns, else zero)
//       + 7               zero
//   then the block tables, one after the other
//
// rowCapacity is a parameter of the kernels that need more than the header: a constant of a captured
// graph (its bucket), and the number of rows of the step for a launch without a graph. So the block
// is always dense enough to be sent in one copy: header, rows, runs, tables. Nothing else about
// capacities is fixed here: there may be any number of runs and table entries.
//
// A selection, a buffer of int32 of its own, names some rows: those that go through the head, or those that a step keeps
// (mr_rows_keep; what then follows reads a control block of these rows alone):
//   [0] count          S
//   [1]..[3]           zero
//   [4 + i]            row of the step, in result order; a row may go through the head twice
#pragma once

#include "millrace/device.cuh"

constexpr int MR_STEP_HEADER = 32;
constexpr int MR_STEP_ROW_WORDS = 4;
constexpr int MR_STEP_RUN_WORDS = 8;
constexpr int MR_SELECTION_HEADER = 4;

// One row of the step.
struct MrStepRow {
  int32_t token, position, run, block;
};

// One run of the step.
struct MrStepRun {
  int32_t firstRow, rows, firstPosition, table, partials;
};

MR_DEVICE int32_t mr_step_rows(const int32_t* step) { return step[0]; }

MR_DEVICE int32_t mr_step_runs(const int32_t* step) { return step[1]; }

MR_DEVICE int32_t mr_step_short_runs(const int32_t* step) { return step[2]; }

MR_DEVICE int32_t mr_step_long_runs(const int32_t* step) { return step[3]; }

MR_DEVICE MrStepRow mr_step_row(const int32_t* step, int row) {
  const uint4 words = *reinterpret_cast<const uint4*>(step + MR_STEP_HEADER + MR_STEP_ROW_WORDS * row);
  return {(int32_t)words.x, (int32_t)words.y, (int32_t)words.z, (int32_t)words.w};
}

MR_DEVICE const int32_t* mr_step_run_words(const int32_t* step, int rowCapacity, int run) {
  return step + MR_STEP_HEADER + MR_STEP_ROW_WORDS * rowCapacity + MR_STEP_RUN_WORDS * run;
}

MR_DEVICE MrStepRun mr_step_run(const int32_t* step, int rowCapacity, int run) {
  const int32_t* words = mr_step_run_words(step, rowCapacity, run);
  const uint4 first = *reinterpret_cast<const uint4*>(words);
  return {(int32_t)first.x, (int32_t)first.y, (int32_t)first.z, (int32_t)first.w, words[4]};
}

// Index of the i-th short or long run.
MR_DEVICE int32_t mr_step_short_run(const int32_t* step, int rowCapacity, int i) {
  return mr_step_run_words(step, rowCapacity, i)[5];
}

MR_DEVICE int32_t mr_step_long_run(const int32_t* step, int rowCapacity, int i) {
  return mr_step_run_words(step, rowCapacity, i)[6];
}

MR_DEVICE int32_t mr_selection_count(const int32_t* selection) { return selection[0]; }

MR_DEVICE int32_t mr_selection_row(const int32_t* selection, int index) {
  return selection[MR_SELECTION_HEADER + index];
}

// First position that is seen from another one: visible is 0 for all, the tokens of a chunk, or, negative, of a window.
MR_DEVICE int mr_first_seen(int position, int visible) {
  return visible > 0 ? position - position % visible : visible == 0 ? 0 : max(0, position + visible + 1);
}

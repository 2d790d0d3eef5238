// The warpgroup's matrix instruction. It is asynchronous: until the wait, accumulators hold NaN and the operands in
// shared memory are still to be read, early or late by the order in force.
#include <math.h>
#include <string.h>

#include "block.h"
#include "warp.h"

namespace mr_emulated {
namespace {

constexpr int ROWS = 64;
constexpr int COLUMNS_MAX = 256;
constexpr int STEP_BYTES = 32;  // of a row of operands that one instruction reads

const Wgmma& operands(Lane* lane) { return *static_cast<const Wgmma*>(lane->operands); }

// Row `row` of the K-major operand tile that a descriptor names: 16 bf16 or 32 e4m3 values.
void read_row(Block& block, uint64_t descriptor, int row, WgmmaKind kind, float* out, Where where) {
  const int mode = static_cast<int>(descriptor >> 62);
  const uint32_t start = static_cast<uint32_t>(descriptor & 0x3fff) << 4;
  const uint32_t group_stride = static_cast<uint32_t>(descriptor >> 32 & 0x3fff) << 4;
  const uint32_t row_bytes = mode == 1 ? 128 : mode == 2 ? 64 : 32;
  const int swizzle = mode == 1 ? 3 : mode == 2 ? 2 : 1;
  for (uint32_t half = 0; half < 2; half++) {
    const uint32_t plain = start + static_cast<uint32_t>(row >> 3) * group_stride +
                           static_cast<uint32_t>(row & 7) * row_bytes + half * 16;
    const uint32_t offset = swizzled(plain, swizzle) - SHARED_BASE;
    if (offset > block.shared_bytes() || block.shared_bytes() - offset < 16) {
      block.fail(CUDA_ERROR_ILLEGAL_ADDRESS,
                 "wgmma descriptor leads to shared offset " + std::to_string(static_cast<int32_t>(offset)) +
                     ", outside the block's " + std::to_string(block.shared_bytes()) + " bytes",
                 where);
    }
    const char* p = block.shared() + offset;
    if (kind == WGMMA_BF16) {
      for (int i = 0; i < 8; i++) {
        uint16_t v;
        memcpy(&v, p + 2 * i, 2);
        const uint32_t bits = static_cast<uint32_t>(v) << 16;
        memcpy(&out[half * 8 + i], &bits, 4);
      }
    } else {
      for (int i = 0; i < 16; i++) out[half * 16 + i] = e4m3_value(static_cast<unsigned char>(p[i]));
    }
  }
}

void check_descriptor(Block& block, uint64_t descriptor, Where where) {
  if (descriptor >> 62 == 0) {
    block.fail(CUDA_ERROR_NOT_SUPPORTED, "wgmma descriptor without swizzle is not emulated", where);
  }
  if (descriptor >> 49 & 7) {
    block.fail(CUDA_ERROR_NOT_SUPPORTED, "wgmma descriptor with a base offset is not emulated", where);
  }
}

// acc (+)= a * b^T for all 64 rows; products of one instruction are summed in ascending k, then added.
void execute(Block& block, Group& group, WgmmaJob& job) {
  static thread_local struct Buffers {
    alignas(64) float a[ROWS][STEP_BYTES];
    alignas(64) float b[STEP_BYTES][COLUMNS_MAX];
    float row[STEP_BYTES];
  }* buffers __attribute__((tls_model("initial-exec"))) = nullptr;
  if (!buffers) buffers = new Buffers;
  const Wgmma& w = job.operands;
  const int k_count = w.kind == WGMMA_BF16 ? 16 : 32, columns = w.columns;
  for (int r = 0; r < ROWS; r++) {
    if (job.a_rows.empty()) {
      read_row(block, w.a_descriptor, r, w.kind, buffers->a[r], job.where);
    } else {
      for (int k = 0; k < k_count; k++) {
        const uint32_t bits = static_cast<uint32_t>(job.a_rows[static_cast<size_t>(r * 16 + k)]) << 16;
        memcpy(&buffers->a[r][k], &bits, 4);
      }
    }
  }
  for (int n = 0; n < columns; n++) {
    read_row(block, w.b_descriptor, n, w.kind, buffers->row, job.where);
    for (int k = 0; k < k_count; k++) buffers->b[k][n] = buffers->row[k];
  }
  float* const values = group.targets[static_cast<size_t>(job.target)].values.data();
  for (int m = 0; m < ROWS; m++) {
    alignas(64) float sum[COLUMNS_MAX];
    for (int n = 0; n < columns; n++) sum[n] = 0;
    for (int k = 0; k < k_count; k++) {
      const float a = buffers->a[m][k];
      const float* b = buffers->b[k];
      for (int n = 0; n < columns; n++) sum[n] += a * b[n];
    }
    float* row = values + m * columns;
    if (w.accumulate) {
      for (int n = 0; n < columns; n++) row[n] += sum[n];
    } else {
      memcpy(row, sum, sizeof(float) * static_cast<size_t>(columns));
    }
  }
  job.done = true;
}

// Calls visit(accumulator of the thread, value of the matrix) for every element.
template <class Visit>
void each_value(WgmmaTarget& target, Visit visit) {
  for (int t = 0; t < GROUP; t++) {
    const int row = 16 * (t / WARP) + t % WARP / 4, column = 2 * (t % 4);
    for (int j = 0; j < target.columns / 8; j++) {
      for (int h = 0; h < 2; h++) {
        for (int e = 0; e < 2; e++) {
          visit(target.lanes[t][4 * j + 2 * h + e],
                target.values[static_cast<size_t>((row + 8 * h) * target.columns + 8 * j + column + e)]);
        }
      }
    }
  }
}

void run_wgmma(Block& block, Lane* const* lanes, uint32_t) {
  Group& group = block.group();
  const Wgmma& first = operands(lanes[0]);
  const Where where = lanes[0]->where;
  if (!group.fenced) {
    block.fail(CUDA_ERROR_LAUNCH_FAILED, "wgmma without a wgmma fence before it", where);
  }
  WgmmaJob job{first, {}, -1, group.commit_group, false, where};
  for (int t = 1; t < GROUP; t++) {
    const Wgmma& other = operands(lanes[t]);
    if (other.a_descriptor != first.a_descriptor || other.b_descriptor != first.b_descriptor ||
        other.accumulate != first.accumulate || other.columns != first.columns) {
      block.fail(CUDA_ERROR_LAUNCH_FAILED, "wgmma operands differ within the warpgroup, see thread " + std::to_string(t),
                 where);
    }
  }
  check_descriptor(block, first.b_descriptor, where);
  if (first.a_words) {
    job.a_rows.resize(ROWS * 16);
    for (int t = 0; t < GROUP; t++) {
      const int row = 16 * (t / WARP) + t % WARP / 4, k = 2 * (t % 4);
      for (int word = 0; word < 4; word++) {
        const uint32_t bits = operands(lanes[t]).a_words[word];
        uint16_t* at = &job.a_rows[static_cast<size_t>((row + 8 * (word & 1)) * 16 + k + 8 * (word >> 1))];
        at[0] = static_cast<uint16_t>(bits);
        at[1] = static_cast<uint16_t>(bits >> 16);
      }
    }
  } else {
    check_descriptor(block, first.a_descriptor, where);
  }
  for (size_t i = 0; i < group.targets.size(); i++) {
    if (group.targets[i].lanes[0] == first.accumulators) job.target = static_cast<int>(i);
  }
  if (job.target < 0) {
    WgmmaTarget target;
    target.columns = first.columns;
    target.values.resize(static_cast<size_t>(ROWS * first.columns));
    for (int t = 0; t < GROUP; t++) target.lanes[t] = operands(lanes[t]).accumulators;
    each_value(target, [](float& lane, float& value) {
      value = lane;
      const uint32_t poison = ~0u;
      memcpy(&lane, &poison, 4);
    });
    job.target = static_cast<int>(group.targets.size());
    group.targets.push_back(std::move(target));
  }
  group.jobs.push_back(std::move(job));
  // Reading the operands at once is as legal as reading them at the wait; jobs stay in their order.
  if (block.order() == Order::REVERSE || block.chance(2)) {
    for (WgmmaJob& each : group.jobs) {
      if (!each.done) execute(block, group, each);
    }
  }
}

void run_fence(Block& block, Lane* const*, uint32_t) { block.group().fenced = true; }

void run_commit(Block& block, Lane* const*, uint32_t) {
  block.group().commit_group++;
  block.group().fenced = false;
}

void run_wait(Block& block, Lane* const* lanes, uint32_t) {
  Group& group = block.group();
  const int limit = group.commit_group - *static_cast<const int*>(lanes[0]->operands);
  std::vector<WgmmaJob> left;
  for (WgmmaJob& job : group.jobs) {
    if (job.group >= limit) {
      left.push_back(std::move(job));
    } else if (!job.done) {
      execute(block, group, job);
    }
  }
  // Accumulators that no job under way writes any more go back to their threads.
  std::vector<WgmmaTarget> busy;
  for (size_t i = 0; i < group.targets.size(); i++) {
    bool used = false;
    for (WgmmaJob& job : left) {
      if (job.target == static_cast<int>(i)) {
        used = true;
        job.target = -2 - static_cast<int>(busy.size());
      }
    }
    if (used) {
      busy.push_back(std::move(group.targets[i]));
      continue;
    }
    each_value(group.targets[i], [&](float& lane, float& value) {
      uint32_t bits;
      memcpy(&bits, &lane, 4);
      if (bits != ~0u) {
        block.fail(CUDA_ERROR_LAUNCH_FAILED, "an accumulator was written while a wgmma on it was under way",
                   lanes[0]->where);
      }
      lane = value;
    });
  }
  for (WgmmaJob& job : left) job.target = -2 - job.target;
  group.targets = std::move(busy);
  group.jobs = std::move(left);
}

void run_registers(Block& block, Lane* const* lanes, uint32_t) {
  constexpr int REGISTER_FILE = 65536;
  Group& group = block.group();
  const int wanted = *static_cast<const int*>(lanes[0]->operands);
  const int groups = block.threads() / GROUP, fair = REGISTER_FILE / block.threads() / 8 * 8;
  const int before = group.registers ? group.registers : fair;
  group.registers = wanted > 0 ? wanted : -wanted;
  if ((wanted > 0) != (group.registers >= before)) {
    block.fail(CUDA_ERROR_LAUNCH_FAILED,
               "setmaxnreg to " + std::to_string(group.registers) + " in the wrong direction: about " +
                   std::to_string(before) + " are held",
               lanes[0]->where);
  }
  // The sum counts when all have said what they want: until then one warpgroup may wait for another's registers.
  int sum = 0;
  for (int g = 0; g < groups; g++) {
    if (!block.group(g).registers) return;
    sum += block.group(g).registers * GROUP;
  }
  if (sum > REGISTER_FILE) {
    block.fail(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES,
               "setmaxnreg: the warpgroups want " + std::to_string(sum) + " registers of 65536", lanes[0]->where);
  }
}

const Operation WGMMA{"wgmma", run_wgmma, true};
const Operation FENCE{"wgmma fence", run_fence, true};
const Operation COMMIT{"wgmma commit", run_commit, true};
const Operation WAIT{"wgmma wait", run_wait, true};
const Operation REGISTERS{"setmaxnreg", run_registers, true};

}  // namespace

void wgmma(const Wgmma* operands, Where where) {
  Block::current().group_operation(const_cast<Wgmma*>(operands), &WGMMA, where);
}
void wgmma_fence(Where where) { Block::current().group_operation(nullptr, &FENCE, where); }
void wgmma_commit(Where where) { Block::current().group_operation(nullptr, &COMMIT, where); }
void wgmma_wait(int in_flight, Where where) { Block::current().group_operation(&in_flight, &WAIT, where); }
void set_max_registers(int count, bool increase, Where where) {
  int wanted = increase ? count : -count;
  Block::current().group_operation(&wanted, &REGISTERS, where);
}

}  // namespace mr_emulated

// Choice of a token at a temperature, from the likeliest ones.
#include "millrace/device.cuh"

namespace {
constexpr int SAMPLE_THREADS = 512;
constexpr int SAMPLE_WARPS = SAMPLE_THREADS / 32;
constexpr int SAMPLE_BINS = 2048;
constexpr int BINS_PER_THREAD = SAMPLE_BINS / SAMPLE_THREADS;
// A token this many temperatures below the best one weighs nothing.
constexpr double NEGLIGIBLE = -50;
constexpr double BINS_PER_EXPONENT = SAMPLE_BINS / 50.0;
// Weights are whole numbers of 2^-45: sums are exact, so they do not depend on the order in which threads add,
// and 2^18 tokens of the largest weight, 1, fit in 64 bits.
constexpr double WEIGHT_ONE = 35184372088832.0;

// What a host asks of a row, and what mr_logits_fold found out about it.
struct SampleRequest {
  int32_t row, reserved;
  double temperature, topP, uniform;
};
struct SampleSummary {
  float largest;
  int32_t argmax;
  double sum;
};

struct SampleShared {
  unsigned long long bins[SAMPLE_BINS];
  unsigned long long byWarp[SAMPLE_WARPS];
  unsigned long long before;
  int32_t found;
};

struct SampleRow {
  const float* logits;
  int vocabulary;
  double largest, temperature;
};

MR_DEVICE double mr_sample_exponent(const SampleRow& row, float logit) {
  return ((double)logit - row.largest) / row.temperature;
}

MR_DEVICE unsigned long long mr_sample_weight(double exponent) {
  return (unsigned long long)(exp(exponent) * WEIGHT_ONE + 0.5);
}

// Coarse order: rises as logits fall. Only for tokens that weigh something.
MR_DEVICE int mr_sample_bin(double exponent) {
  return min((int)(-exponent * BINS_PER_EXPONENT), SAMPLE_BINS - 1);
}

// Exact order: a number that rises as logits fall; the two zeros are one.
MR_DEVICE uint32_t mr_sample_key(float logit) {
  const uint32_t bits = mr_as_u32(logit == 0.0f ? 0.0f : logit);
  return bits & 0x80000000u ? bits : ~bits & 0x7fffffffu;
}

MR_DEVICE void mr_sample_clear(SampleShared& shared) {
  __syncthreads();
  for (int i = threadIdx.x; i < SAMPLE_BINS; i += SAMPLE_THREADS) shared.bins[i] = 0;
  __syncthreads();
}

// Sum over the threads before this one; `all` receives the sum over all threads.
MR_DEVICE unsigned long long mr_sample_before(SampleShared& shared, unsigned long long mine,
                                              unsigned long long& all) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  unsigned long long upTo = mine;
#pragma unroll
  for (int apart = 1; apart < 32; apart *= 2) {
    const unsigned long long other = __shfl_up_sync(MR_ALL_LANES, upTo, apart);
    if (lane >= apart) upTo += other;
  }
  __syncthreads();  // all have read the sums of the call before
  if (lane == 31) shared.byWarp[warp] = upTo;
  __syncthreads();
  unsigned long long before = upTo - mine;
  all = 0;
  for (int other = 0; other < SAMPLE_WARPS; other++) {
    if (other < warp) before += shared.byWarp[other];
    all += shared.byWarp[other];
  }
  return before;
}

// The bin in which the running sum over bins reaches `target`; `target` becomes what is left of it in there.
MR_DEVICE int mr_sample_pick(SampleShared& shared, unsigned long long& target) {
  __syncthreads();
  unsigned long long mine = 0, all;
  for (int i = 0; i < BINS_PER_THREAD; i++) mine += shared.bins[threadIdx.x * BINS_PER_THREAD + i];
  unsigned long long sum = mr_sample_before(shared, mine, all);
  if (sum < target && sum + mine >= target) {
    int bin = threadIdx.x * BINS_PER_THREAD;
    while (sum + shared.bins[bin] < target) sum += shared.bins[bin++];
    shared.found = bin;
    shared.before = sum;
  }
  __syncthreads();
  target -= shared.before;
  return shared.found;
}

// Calls use(id, logit, exponent) for every token that weighs something.
template <class Use>
MR_DEVICE void mr_sample_each(const SampleRow& row, Use use) {
  for (int id = threadIdx.x; id < row.vocabulary; id += SAMPLE_THREADS) {
    const float logit = row.logits[id];
    const double exponent = mr_sample_exponent(row, logit);
    if (exponent >= NEGLIGIBLE) use(id, logit, exponent);
  }
}

// A token, and the weight of all tokens up to it in the order of falling logits.
struct SampleToken {
  int32_t id;
  unsigned long long upTo;
};

// The first token in the order of falling logits, smaller ids first, with which the sum of weights reaches
// `target`, at least 1 and at most the sum of all. shared.bins holds the coarse bins at the start.
MR_DEVICE SampleToken mr_sample_find(SampleShared& shared, const SampleRow& row, unsigned long long target) {
  const unsigned long long wanted = target;
  const int coarse = mr_sample_pick(shared, target);
  uint32_t known = 0, mask = 0;
#pragma unroll
  for (int level = 0; level < 3; level++) {
    const int shift = level == 0 ? 21 : level == 1 ? 10 : 0;
    const uint32_t digit = level == 2 ? 1023 : 2047;
    mr_sample_clear(shared);
    mr_sample_each(row, [&](int, float logit, double exponent) {
      const uint32_t key = mr_sample_key(logit);
      if ((key & mask) == known && mr_sample_bin(exponent) == coarse) {
        atomicAdd(&shared.bins[key >> shift & digit], mr_sample_weight(exponent));
      }
    });
    known |= (uint32_t)mr_sample_pick(shared, target) << shift;
    mask |= digit << shift;
  }
  // What is left of the target lies among tokens of one logit, so of one weight: count them by id.
  const int each = (row.vocabulary + SAMPLE_THREADS - 1) / SAMPLE_THREADS;
  const int from = min((int)threadIdx.x * each, row.vocabulary), to = min(from + each, row.vocabulary);
  unsigned long long mine = 0, all;
  for (int id = from; id < to; id++) mine += mr_sample_key(row.logits[id]) == known;
  unsigned long long index = mr_sample_before(shared, mine, all);
  __syncthreads();
  if (mine > 0) {
    for (int id = from; id < to; id++) {
      if (mr_sample_key(row.logits[id]) != known) continue;
      const unsigned long long weight = mr_sample_weight(mr_sample_exponent(row, row.logits[id]));
      if (index * weight < target && (index + 1) * weight >= target) {
        shared.found = id;
        shared.before = (index + 1) * weight;
      }
      index++;
    }
  }
  __syncthreads();
  return {shared.found, wanted - target + shared.before};
}

MR_DEVICE void mr_sample_coarse(SampleShared& shared, const SampleRow& row) {
  mr_sample_clear(shared);
  mr_sample_each(row, [&](int, float, double exponent) {
    atomicAdd(&shared.bins[mr_sample_bin(exponent)], mr_sample_weight(exponent));
  });
  __syncthreads();
}
}  // namespace

// tokens[i] = the token that TokenSampler chooses: tokens in the order of falling logits (the smaller id first in a
// tie), the shortest beginning whose weight reaches topP of all is kept, and the token at `uniform` of its weight is
// taken. Weights exp((logit - largest) / temperature) are rounded to 2^-45, so a choice can differ from the one in
// double precision where `uniform` or topP hit a border between tokens to one part in 10^8.
//
//   logits     f32 [S, stride], of which V elements of a row count, V at most 2^18
//   requests   32 bytes each: i32 index of a selected row, i32 zero, f64 temperature (positive), f64 topP in (0, 1],
//              f64 uniform in [0, 1): CounterRandom.uniform(seed, position), made by the host
//   summaries  16 bytes [S] of mr_logits_fold
//   tokens     int32 [requests]; a row without a number gives its argmax
//   grid       (requests)    block 512    shared 16528
//   bytes      about 9 readings of the row, from L2 after the first
//   order      whole numbers only: independent of threads, and of other rows
//   test       sample_test
MR_KERNEL __launch_bounds__(SAMPLE_THREADS, 2) mr_sample(
    const float* __restrict__ logits, const SampleRequest* __restrict__ requests,
    const SampleSummary* __restrict__ summaries, int32_t* __restrict__ tokens, int64_t stride, int32_t vocabulary) {
  MR_SHARED(SampleShared, shared);
  const SampleRequest request = requests[blockIdx.x];
  const SampleSummary summary = summaries[request.row];
  int32_t token = summary.argmax;
  if (summary.largest > -INFINITY && summary.largest < INFINITY) {
    const SampleRow row = {logits + request.row * stride, vocabulary, summary.largest, request.temperature};
    mr_sample_coarse(shared, row);
    unsigned long long mine = 0, total;
    for (int i = 0; i < BINS_PER_THREAD; i++) mine += shared.bins[threadIdx.x * BINS_PER_THREAD + i];
    mr_sample_before(shared, mine, total);
    unsigned long long kept = total;
    if (request.topP < 1) {
      const unsigned long long wanted = (unsigned long long)ceil(request.topP * (double)total);
      kept = mr_sample_find(shared, row, wanted < 1 ? 1 : wanted > total ? total : wanted).upTo;
      mr_sample_coarse(shared, row);
    }
    const unsigned long long point = (unsigned long long)(request.uniform * (double)kept) + 1;
    token = mr_sample_find(shared, row, point > kept ? kept : point).id;
  }
  if (threadIdx.x == 0) tokens[blockIdx.x] = token;
}
MR_EXPORT(mr_sample)

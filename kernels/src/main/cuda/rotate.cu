// What happens to q, k and v between projection and attention.
#include "millrace/device.cuh"
#include "millrace/step.cuh"

namespace {
constexpr int ROTATE_WARPS = 8;

// Everything about the layer that a head needs to know.
struct RotateSpec {
  const uint64_t* phases;
  const float* queryNorm;
  const float* keyNorm;
  int halves;
  float headNormEpsilon, floorScale, temperatureScale;
};

// Cosine and sine of a phase in units of 2^-64 turns. The quarter turn is taken off in integers, which
// is exact, so what is left is an angle of at most pi/4: its series end below the last bit of f32.
MR_DEVICE void mr_cosine_sine(uint64_t phase, float& cosine, float& sine) {
  const uint64_t quarter = (phase + (uint64_t(1) << 61)) >> 62;
  const int64_t rest = (int64_t)(phase - (quarter << 62));
  const float x = mr_mul((float)(int32_t)(rest >> 30), 3.6572952e-10f);  // 2 pi / 2^34
  const float z = mr_mul(x, x);
  float s = mr_fma(z, 2.7557319e-6f, -1.9841270e-4f);
  s = mr_fma(z, s, 8.3333333e-3f);
  s = mr_fma(z, s, -1.6666667e-1f);
  s = mr_fma(mr_mul(z, s), x, x);
  float c = mr_fma(z, -2.7557319e-7f, 2.4801587e-5f);
  c = mr_fma(z, c, -1.3888889e-3f);
  c = mr_fma(z, c, 4.1666667e-2f);
  c = mr_fma(z, c, -0.5f);
  c = mr_fma(z, c, 1.0f);
  cosine = quarter == 0 ? c : quarter == 1 ? -s : quarter == 2 ? -c : s;
  sine = quarter == 0 ? s : quarter == 1 ? c : quarter == 2 ? -s : -c;
}

// The pairs (first, second) lane * PAIRS + i of a head of 64 * PAIRS elements, read and written in the
// widest pieces that the pairing allows.
template <int PAIRS>
MR_DEVICE void mr_rotate_read(const float* in, bool halves, float (&first)[PAIRS], float (&second)[PAIRS]) {
  const int lane = threadIdx.x & 31;
  if constexpr (PAIRS == 2) {
    if (halves) {
      const float2 a = reinterpret_cast<const float2*>(in)[lane], b = reinterpret_cast<const float2*>(in)[32 + lane];
      first[0] = a.x, first[1] = a.y, second[0] = b.x, second[1] = b.y;
    } else {
      const float4 four = reinterpret_cast<const float4*>(in)[lane];
      first[0] = four.x, second[0] = four.y, first[1] = four.z, second[1] = four.w;
    }
  } else {
    first[0] = in[halves ? lane : 2 * lane];
    second[0] = in[halves ? 32 + lane : 2 * lane + 1];
  }
}

template <int PAIRS>
MR_DEVICE void mr_rotate_write(uint16_t* out, bool halves, float factor, const float (&first)[PAIRS],
                               const float (&second)[PAIRS]) {
  const int lane = threadIdx.x & 31;
  uint32_t* words = reinterpret_cast<uint32_t*>(out);
  if constexpr (PAIRS == 2) {
    const float a = mr_mul(first[0], factor), b = mr_mul(first[1], factor);
    const float c = mr_mul(second[0], factor), d = mr_mul(second[1], factor);
    words[halves ? lane : 2 * lane] = halves ? mr_pack_bf16(a, b) : mr_pack_bf16(a, c);
    words[halves ? 32 + lane : 2 * lane + 1] = halves ? mr_pack_bf16(c, d) : mr_pack_bf16(b, d);
  } else if (halves) {
    out[lane] = mr_f32_to_bf16(mr_mul(first[0], factor));
    out[32 + lane] = mr_f32_to_bf16(mr_mul(second[0], factor));
  } else {
    words[lane] = mr_pack_bf16(mr_mul(first[0], factor), mr_mul(second[0], factor));
  }
}

template <int PAIRS>
MR_DEVICE void mr_rotate_write(float* out, bool halves, float factor, const float (&first)[PAIRS],
                               const float (&second)[PAIRS]) {
  const int lane = threadIdx.x & 31;
#pragma unroll
  for (int i = 0; i < PAIRS; i++) {
    const int pair = lane * PAIRS + i;
    out[halves ? pair : 2 * pair] = mr_mul(first[i], factor);
    out[halves ? 32 * PAIRS + pair : 2 * pair + 1] = mr_mul(second[i], factor);
  }
}

// 1 / sqrt(mean of squares + epsilon) of a head.
template <int PAIRS>
MR_DEVICE float mr_rotate_inverse_rms(const float (&first)[PAIRS], const float (&second)[PAIRS], float epsilon) {
  float squares = 0;
#pragma unroll
  for (int i = 0; i < PAIRS; i++) squares = mr_fma(second[i], second[i], mr_fma(first[i], first[i], squares));
  squares = mr_warp_sum(squares);
  return 1.0f / sqrtf(mr_add(squares / (float)(64 * PAIRS), epsilon));
}

// Logarithm for the temperature: fast where the result is rounded to bf16, accurate where it is not.
MR_DEVICE float mr_rotate_log(const uint16_t*, float x) { return mr_log(x); }
MR_DEVICE float mr_rotate_log(const float*, float x) { return logf(x); }

// One warp, one head of D = 64 * PAIRS elements.
template <int PAIRS, class Out>
MR_DEVICE void mr_rotate_head(const float* in, Out* out, int position, bool value, bool query,
                              const RotateSpec& spec) {
  const int lane = threadIdx.x & 31;
  float first[PAIRS], second[PAIRS];
  mr_rotate_read<PAIRS>(in, spec.halves != 0, first, second);
  const float* weight = query ? spec.queryNorm : spec.keyNorm;
  const bool learnt = weight != nullptr;
  if (!value && learnt) {
    float w1[PAIRS], w2[PAIRS];
    mr_rotate_read<PAIRS>(weight, spec.halves != 0, w1, w2);
    const float scale = mr_rotate_inverse_rms<PAIRS>(first, second, spec.headNormEpsilon);
#pragma unroll
    for (int i = 0; i < PAIRS; i++) {
      first[i] = mr_mul(mr_mul(first[i], scale), w1[i]);
      second[i] = mr_mul(mr_mul(second[i], scale), w2[i]);
    }
  }
  if (!value && spec.phases != nullptr) {
#pragma unroll
    for (int i = 0; i < PAIRS; i++) {
      float cosine, sine;
      mr_cosine_sine((uint64_t)position * spec.phases[lane * PAIRS + i], cosine, sine);
      const float a = first[i], b = second[i];
      first[i] = mr_fma(a, cosine, -mr_mul(b, sine));
      second[i] = mr_fma(b, cosine, mr_mul(a, sine));
    }
  }
  float factor = 1;
  if (!value && !learnt && spec.headNormEpsilon > 0) {
    factor = mr_rotate_inverse_rms<PAIRS>(first, second, spec.headNormEpsilon);
  }
  if (query && spec.floorScale > 0) {
    const float steps = floorf((float)(position + 1) / spec.floorScale);
    factor = mr_mul(factor, mr_fma(mr_rotate_log(out, 1.0f + steps), spec.temperatureScale, 1.0f));
  }
  mr_rotate_write<PAIRS>(out, spec.halves != 0, factor, first, second);
}

template <class Out>
MR_DEVICE void mr_rotate_rows(const float* qkv, Out* queries, Out* layer, const int32_t* step, int queryHeads,
                              int kvHeads, int headDimension, int blockTokens, const RotateSpec& spec) {
  const int row = blockIdx.x;
  const int head = blockIdx.y * ROTATE_WARPS + (threadIdx.x >> 5);
  if (row >= mr_step_rows(step) || head >= queryHeads + 2 * kvHeads) return;
  const MrStepRow where = mr_step_row(step, row);
  const bool query = head < queryHeads, value = head >= queryHeads + kvHeads;
  const float* in = qkv + ((int64_t)row * (queryHeads + 2 * kvHeads) + head) * headDimension;
  Out* out;
  if (query) {
    out = queries + ((int64_t)row * queryHeads + head) * headDimension;
  } else {
    const int kvHead = head - queryHeads;  // keys, then values: [2][K] flattened
    out = layer + (((int64_t)where.block * 2 * kvHeads + kvHead) * blockTokens + where.position % blockTokens) *
                      headDimension;
  }
  if (headDimension == 128) {
    mr_rotate_head<2>(in, out, where.position, value, query, spec);
  } else {
    mr_rotate_head<1>(in, out, where.position, value, query, spec);
  }
}
}  // namespace

// Per row and head of q: norm, rotate, norm, scale by temperature -> queries. k: norm, rotate, norm -> cache. v -> cache.
// There is one of the two norms, or none.
//
//   rotate   pair j of a head turns by position * frequency[j]; phases[j] is frequency[j] / (2 pi) in units of
//            2^-64, modulo one turn, so that position * phases[j] wraps to the right angle by itself: the
//            error at position p is p * 2^-63 turns and the rounding of f32 (tested to 10 million). Null: none.
//            The host makes it in double: (long) Math.rint((t - Math.floor(t)) * 0x1p62) << 2, t = f / (2 pi)
//   pairing  halves 0: elements (2j, 2j + 1); 1: (j, j + D / 2)
//   norm     q and k /= sqrt(mean(head^2) + headNormEpsilon) if headNormEpsilon > 0: with norm weights before the
//            rotation and times the weight, without them after it
//   scale    q *= log(1 + floor((position + 1) / floorScale)) * temperatureScale + 1 if floorScale > 0;
//            exact steps for positions below 2^24
//
//   qkv      f32 [T, (Q + 2K) * D], heads of q, then of k, then of v; only read
//   queries  bf16 [T, Q * D]
//   queryNorm, keyNorm  f32 [D], 16-byte aligned: weights of the norms of q and of k; both null: none
//   layer    bf16, this layer's part of the cache: [block][2 (k, v)][K][blockTokens][D]
//   D        64 or 128        blockTokens   any
//   grid     (rows of the bucket, ceil((Q + 2K) / 8))    block 256 (one warp per head)    shared 0
//   bytes    T * (Q + 2K) * D * 6     FLOP  about 40 per pair
//   bounds   a block is written only where its row says; rows of one step write different slots
//   test     rotate_test
MR_KERNEL __launch_bounds__(32 * ROTATE_WARPS) mr_rotate_store(
    const float* __restrict__ qkv, uint16_t* __restrict__ queries, uint16_t* __restrict__ layer,
    const uint64_t* __restrict__ phases, const float* __restrict__ queryNorm, const float* __restrict__ keyNorm,
    const int32_t* __restrict__ step, int32_t queryHeads, int32_t kvHeads, int32_t headDimension, int32_t blockTokens,
    int32_t halves, float headNormEpsilon, float floorScale, float temperatureScale) {
  const RotateSpec spec = {phases, queryNorm, keyNorm, halves, headNormEpsilon, floorScale, temperatureScale};
  mr_rotate_rows(qkv, queries, layer, step, queryHeads, kvHeads, headDimension, blockTokens, spec);
}
MR_EXPORT(mr_rotate_store)

// The same in single precision: queries f32 [T, Q * D], layer f32 [block][2 (k, v)][K][blockTokens][D], the logarithm of
// the temperature accurate to 2 ulp. Bytes T * (Q + 2K) * D * 8. Test: rotate_test: f32
MR_KERNEL __launch_bounds__(32 * ROTATE_WARPS) mr_rotate_store_f32(
    const float* __restrict__ qkv, float* __restrict__ queries, float* __restrict__ layer,
    const uint64_t* __restrict__ phases, const float* __restrict__ queryNorm, const float* __restrict__ keyNorm,
    const int32_t* __restrict__ step, int32_t queryHeads, int32_t kvHeads, int32_t headDimension, int32_t blockTokens,
    int32_t halves, float headNormEpsilon, float floorScale, float temperatureScale) {
  const RotateSpec spec = {phases, queryNorm, keyNorm, halves, headNormEpsilon, floorScale, temperatureScale};
  mr_rotate_rows(qkv, queries, layer, step, queryHeads, kvHeads, headDimension, blockTokens, spec);
}
MR_EXPORT(mr_rotate_store_f32)

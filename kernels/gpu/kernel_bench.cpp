// Measures kernels on a GPU: what the device can do at best (a copy within its memory, chains of tensor core products),
// then the matrix products of the engine at the sizes of Llama 4 Scout, each as a share of what bounds it.
//
//   kernel-bench [--driver libcuda.so.1] --image KERNELS --image TESTKERNELS [--small] [--json FILE]
//
// --small measures tiny sizes: through the stand-in driver that shows that the program works, and nothing else.
#include <stdio.h>
#include <string.h>

#include <chrono>

#include "driver.h"
#include "harness.h"

namespace {

using Clock = std::chrono::steady_clock;
constexpr int MULTIPROCESSORS = 16, MAX_DYNAMIC_SHARED = 8;
constexpr double LEAST_SECONDS = 0.02;

bool small = false;

double since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

// Seconds of one call of `enqueue`, which starts work and does not wait: the best of three series.
template <class F>
double seconds_of(const F& enqueue) {
  int calls = 1;
  for (;;) {
    enqueue(0);
    check(driver().synchronize(), "warming up");
    const auto began = Clock::now();
    for (int i = 0; i < calls; i++) enqueue(i);
    check(driver().synchronize(), "measuring");
    const double spent = since(began);
    if (small || spent >= LEAST_SECONDS || calls >= 4096) break;
    calls = spent > LEAST_SECONDS / 100 ? static_cast<int>(calls * LEAST_SECONDS / spent) + 1 : 10 * calls;
  }
  double best = 1e30;
  for (int series = 0; series < (small ? 1 : 3); series++) {
    const auto began = Clock::now();
    for (int i = 0; i < calls; i++) enqueue(i);
    check(driver().synchronize(), "measuring");
    best = std::min(best, since(began) / calls);
  }
  return best;
}

// Starts a kernel without waiting for it.
class Launcher {
 public:
  Launcher(Device& device, const std::string& kernel, unsigned grid, unsigned block, size_t shared)
      : name(kernel), function(device.function(kernel)), grid(grid), block(block), shared(shared) {
    check(driver().function_attribute(function, MAX_DYNAMIC_SHARED, static_cast<int>(shared)), "shared memory of " + name);
  }
  template <class... A>
  void operator()(const A&... arguments) const {
    void* pointers[] = {const_cast<void*>(static_cast<const void*>(&arguments))...};
    check(driver().launch(function, grid, 1, 1, block, 1, 1, static_cast<unsigned>(shared), nullptr, pointers, nullptr),
          "launch of " + name);
  }

 private:
  std::string name;
  void* function;
  unsigned grid, block;
  size_t shared;
};

// ---- Limits

double copy_bytes_per_second(Device& device) {
  const size_t bytes = small ? size_t{1} << 20 : size_t{2} << 30;
  const auto from = device.array<uint8_t>(bytes), to = device.array<uint8_t>(bytes);
  using Copy = int (*)(unsigned long long, unsigned long long, size_t, void*);
  const auto copy = reinterpret_cast<Copy>(device.symbol("cuMemcpyDtoDAsync_v2"));
  const double seconds = seconds_of([&](int) { check(copy(to.address, from.address, bytes, nullptr), "cuMemcpyDtoDAsync"); });
  return 2.0 * static_cast<double>(bytes) / seconds;
}

double chain_flops(Device& device, int multiprocessors, const std::string& kernel, int threads, size_t shared,
                   double flop_per_group, int group) {
  const unsigned blocks = static_cast<unsigned>(multiprocessors) * (threads == 256 ? 4 : 2);
  const int steps = small ? 2 : 4096;
  const auto out = device.array<float>(static_cast<size_t>(blocks) * threads);
  const Launcher launch(device, kernel, blocks, threads, shared);
  const double seconds = seconds_of([&](int) { launch(out.address, 1u, steps); });
  for (float sum : device.download(out)) {
    if (sum == 0 || sum != sum) throw Failure(kernel + " computed nothing");
  }
  return static_cast<double>(blocks) * (threads / group) * steps * flop_per_group / seconds;
}

// ---- Products

enum class Format { BF16, FP8, INT4 };

const char* name_of(Format format) { return format == Format::BF16 ? "bf16" : format == Format::FP8 ? "fp8" : "int4"; }

struct Limits {
  double copy = 0, bf16 = 0, fp8 = 0;
};

struct Product {
  const char* layer;
  int n, k, groups;
  bool swiglu;
};

struct Result {
  std::string kernel;
  const char *layer, *format;
  int rows, groups;
  double seconds, flops, bytes, share;
  bool compute_bound;
};

// Patterns that are good numbers in every format: bf16 of magnitude 0.008 to 0.06, e4m3 of magnitude 0.03 to 0.5.
std::vector<uint8_t> patterns(size_t bytes, bool eight_bits) {
  std::vector<uint8_t> out((bytes + 7) / 8 * 8);
  uint64_t state = 88172645463325252u;
  for (size_t i = 0; i < out.size(); i += 8) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    const uint64_t word =
        eight_bits ? (state & 0x9f9f9f9f9f9f9f9fu) | 0x1010101010101010u : (state & 0x80ff80ff80ff80ffu) | 0x3c003c003c003c00u;
    memcpy(&out[i], &word, 8);
  }
  out.resize(bytes);
  return out;
}

size_t packed_bytes(Format format, size_t n, size_t k) {
  return format == Format::BF16 ? n * k * 2 : format == Format::FP8 ? n * k + n * 4 : n * k / 2 + k / 128 * n * 2;
}

size_t shared_bytes(Format format, int tile) {
  const bool wide = format != Format::INT4;
  switch (tile) {
    case 8: return wide ? 57344 : 23552;
    case 16: return wide ? 63488 : 29696;
    case 32: return wide ? 75776 : 41984;
    case 64: return wide ? 100352 : 54272;
    default: return wide ? 100352 : 66560;
  }
}

Result measure(Device& device, const Limits& limits, int multiprocessors, Format format, const Product& p, int rows) {
  const bool fp8 = format == Format::FP8;
  const int per_group = std::max(1, rows / p.groups);
  int tile = 8;
  while (tile < per_group && tile < 128) tile *= 2;
  const int channels = tile <= 32 ? 64 : 128;
  const int tiles = p.groups * ((per_group + tile - 1) / tile) * ((p.n + channels - 1) / channels);
  const int resident = tile <= 32 ? 3 : 2;
  const unsigned grid = static_cast<unsigned>(std::min(tiles, multiprocessors * resident));

  // As many matrices as the caches cannot hold, used in turn.
  const size_t one = (packed_bytes(format, static_cast<size_t>(p.n), static_cast<size_t>(p.k)) + 255) / 256 * 256;
  const size_t all = one * p.groups;
  const int copies = small ? 1 : static_cast<int>(std::max<size_t>(1, (size_t{256} << 20) / all));
  auto blob = patterns(one, fp8);
  if (fp8) {
    const float scale = 0.01f;
    for (int i = 0; i < p.n; i++) memcpy(&blob[static_cast<size_t>(p.n) * p.k + 4 * static_cast<size_t>(i)], &scale, 4);
  }
  std::vector<uint64_t> addresses;
  for (int i = 0; i < copies * p.groups; i++) addresses.push_back(device.upload(blob).address);
  const auto table = device.upload(addresses);
  const auto x = device.upload(patterns(static_cast<size_t>(rows) * p.k * (fp8 ? 1 : 2), fp8));
  const auto scale = device.upload(std::vector<float>(rows, 0.5f));
  std::vector<int32_t> first(p.groups + 1);
  for (int g = 0; g <= p.groups; g++) first[g] = static_cast<int32_t>(static_cast<int64_t>(rows) * g / p.groups);
  const auto offsets = device.upload(first);
  const int width = p.swiglu ? p.n / 2 : p.n;
  const auto out = device.array<uint8_t>(static_cast<size_t>(rows) * width * (p.swiglu ? 2 : 4));

  const std::string kernel = std::string(p.swiglu ? "mr_swiglu_" : "mr_gemm_") + name_of(format) + "_n" + std::to_string(tile);
  const Launcher launch(device, kernel, grid, 128, shared_bytes(format, tile));
  const uint64_t none = 0;
  const int add = 0, group = 128, asymmetric = 0;
  const auto enqueue = [&](int call) {
    const uint64_t weights = table.address + 8u * static_cast<uint64_t>(call % copies * p.groups);
    const auto with = [&](const auto&... tail) {
      // out, x, [scale], weights, offsets, rows, source, target or score, groups, n, packedRows, k, ldx, ldo, ...
      if (fp8) {
        launch(out.address, x.address, scale.address, weights, offsets.address, none, none, none, p.groups, width, p.n,
               p.k, p.k, width, tail...);
      } else {
        launch(out.address, x.address, weights, offsets.address, none, none, none, p.groups, width, p.n, p.k, p.k, width,
               tail...);
      }
    };
    if (format == Format::INT4) {
      if (p.swiglu) with(group, asymmetric);
      else with(add, group, asymmetric);
    } else {
      if (p.swiglu) with();
      else with(add);
    }
  };
  Result r;
  r.kernel = kernel;
  r.layer = p.layer;
  r.format = name_of(format);
  r.rows = rows;
  r.groups = p.groups;
  r.seconds = seconds_of(enqueue);
  r.flops = 2.0 * rows * p.n * p.k;
  const int read = std::min(p.groups, rows);
  r.bytes = static_cast<double>(one) * read + static_cast<double>(rows) * p.k * (fp8 ? 1 : 2) +
            static_cast<double>(rows) * width * (p.swiglu ? 2 : 4);
  const double compute = r.flops / (fp8 ? limits.fp8 : limits.bf16), memory = r.bytes / limits.copy;
  r.compute_bound = compute > memory;
  r.share = std::max(compute, memory) / r.seconds;
  return r;
}

}  // namespace

int main(int count, char** arguments) {
  std::string driver_path = "libcuda.so.1", json_path;
  try {
    for (int i = 1; i < count; i++) {
      const std::string argument = arguments[i];
      if (argument == "--small") {
        small = true;
      } else if (argument == "--driver" && i + 1 < count) {
        driver_path = arguments[++i];
      } else if (argument == "--image" && i + 1 < count) {
        add_image(arguments[++i]);
      } else if (argument == "--json" && i + 1 < count) {
        json_path = arguments[++i];
      } else {
        fprintf(stderr, "kernel-bench: unknown option %s\n", argument.c_str());
        return 2;
      }
    }
    open_driver(driver_path);
    open_context();
    Device device;
    int multiprocessors = 0;
    check(driver().device_attribute(&multiprocessors, MULTIPROCESSORS, 0), "cuDeviceGetAttribute");
    if (small) multiprocessors = 2;
    Limits limits;
    limits.copy = copy_bytes_per_second(device);
    end_case(false);
    limits.bf16 = chain_flops(device, multiprocessors, "test_limit_mma_bf16", 256, 0, 8 * 4096.0, 32);
    double mma = limits.bf16;
    limits.fp8 = limits.bf16;
    if (device.compute_capability() == 90) {
      limits.bf16 = std::max(mma, chain_flops(device, multiprocessors, "test_limit_wgmma_bf16", 128, 40960, 4 * 524288.0, 128));
      limits.fp8 = chain_flops(device, multiprocessors, "test_limit_wgmma_e4m3", 128, 40960, 4 * 1048576.0, 128);
    }
    end_case(false);
    printf("limits: copy %.0f GB/s, mma.sync bf16 %.1f, best bf16 %.1f, best fp8 %.1f TFLOP/s, %d multiprocessors\n",
           limits.copy / 1e9, mma / 1e12, limits.bf16 / 1e12, limits.fp8 / 1e12, multiprocessors);
    const std::vector<Product> products =
        small ? std::vector<Product>{{"qkv", 192, 128, 1, false}, {"experts gate and up", 128, 128, 4, true}}
              : std::vector<Product>{{"qkv", 7168, 5120, 1, false},
                                     {"attention output", 5120, 5120, 1, false},
                                     {"shared gate and up", 16384, 5120, 1, true},
                                     {"shared down", 5120, 8192, 1, false},
                                     {"experts gate and up", 16384, 5120, 16, true},
                                     {"experts down", 5120, 8192, 16, false}};
    const std::vector<int> rows = small ? std::vector<int>{1, 20} : std::vector<int>{1, 16, 64, 256, 2048, 8192};
    printf("%-20s %-5s %6s %-22s %11s %9s %8s  %s\n", "layer", "", "rows", "kernel", "us", "TFLOP/s", "GB/s", "share of its bound");
    std::string list;
    for (Format format : {Format::FP8, Format::INT4, Format::BF16}) {
      for (const Product& product : products) {
        for (int r : rows) {
          const Result one = measure(device, limits, multiprocessors, format, product, r);
          end_case(false);
          printf("%-20s %-5s %6d %-22s %11.1f %9.2f %8.0f  %3.0f %% %s\n", one.layer, one.format, one.rows,
                 one.kernel.c_str(), one.seconds * 1e6, one.flops / one.seconds / 1e12, one.bytes / one.seconds / 1e9,
                 100 * one.share, one.compute_bound ? "compute" : "memory");
          fflush(stdout);
          char line[400];
          snprintf(line, sizeof line,
                   "%s{\"layer\": \"%s\", \"format\": \"%s\", \"rows\": %d, \"groups\": %d, \"kernel\": \"%s\", \"microseconds\": %.2f, "
                   "\"teraflops\": %.3f, \"gigabytesPerSecond\": %.1f, \"share\": %.4f, \"bound\": \"%s\"}",
                   list.empty() ? "" : ", ", one.layer, one.format, one.rows, one.groups, one.kernel.c_str(),
                   one.seconds * 1e6, one.flops / one.seconds / 1e12, one.bytes / one.seconds / 1e9, one.share,
                   one.compute_bound ? "compute" : "memory");
          list += line;
        }
      }
    }
    if (!json_path.empty()) {
      FILE* file = fopen(json_path.c_str(), "w");
      if (!file) throw Failure("cannot write " + json_path);
      fprintf(file, "{\"copyGigabytesPerSecond\": %.1f, \"mmaTeraflops\": %.1f, \"bf16Teraflops\": %.1f, \"fp8Teraflops\": %.1f, \"kernels\": [%s]}\n",
              limits.copy / 1e9, mma / 1e12, limits.bf16 / 1e12, limits.fp8 / 1e12, list.c_str());
      fclose(file);
    }
    fflush(stdout);
  } catch (const std::exception& failure) {
    fflush(stdout);
    fprintf(stderr, "kernel-bench: %s\n", failure.what());
    return 1;
  }
  // No destructors: the driver's threads may still be at work.
  _Exit(0);
}

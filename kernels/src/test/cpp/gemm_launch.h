// Launches the products of gemm_bf16.cu, gemm_fp8.cu and gemm_int4.cu as their fact boxes say.
#pragma once

#include "matrix_problem.h"

inline const std::vector<int> TILES = {8, 16, 32, 64, 128};

inline const char* format_name(Format format) {
  return format == Format::BF16 ? "bf16" : format == Format::FP8 ? "fp8" : "int4";
}

inline std::string name_of(const Weights& w) {
  return std::string(format_name(w.format)) + " [" + std::to_string(w.n) + ", " + std::to_string(w.columns) + "]";
}

inline size_t shared_bytes(Format format, int tile) {
  const bool wide = format != Format::INT4;
  switch (tile) {
    case 8: return wide ? 57344 : 23552;
    case 16: return wide ? 63488 : 29696;
    case 32: return wide ? 75776 : 41984;
    case 64: return wide ? 100352 : 54272;
    default: return wide ? 100352 : 66560;
  }
}

// Packed matrices of the groups, and the table of their addresses.
struct OnDevice {
  OnDevice(Device& device, const std::vector<Packed>& matrices) : rows(matrices[0].rows), k(matrices[0].k) {
    std::vector<uint64_t> addresses;
    for (const Packed& each : matrices) addresses.push_back(device.upload(each.bytes).address);
    groups = (int)addresses.size();
    table = device.upload(addresses);
  }
  int rows, k, groups;
  Array<uint64_t> table;
};

// One launch. Empty vectors are null parameters; without offsets there is one group of all rows of x.
struct GemmCall {
  const Weights& w;
  const InputRows& x;
  const OnDevice& matrices;
  int tile = 8, grid = 4, out_rows = 0, stride = 0;
  std::vector<int32_t> offsets = {}, source = {}, target = {};
  std::vector<float> score = {}, initial = {};
};

template <class T>
Array<T> upload_or_null(Device& device, const std::vector<T>& values) {
  return values.empty() ? Array<T>{} : device.upload(values);
}

template <class Out>
void launch_product(Device& device, const GemmCall& call, const std::string& kind, const Array<Out>& out, int n) {
  const Format format = call.w.format;
  const std::string kernel = "mr_" + kind + "_" + format_name(format) + "_n" + std::to_string(call.tile);
  const auto launch = [&](const auto& x, auto... extra) {
    const auto offsets = upload_or_null(device, call.offsets);
    const auto rows = call.offsets.empty() ? device.upload(std::vector<int32_t>{call.x.rows}) : Array<int32_t>{};
    const auto source = upload_or_null(device, call.source);
    const Dim grid{(unsigned)call.grid}, block{128};
    const size_t shared = shared_bytes(format, call.tile);
    const OnDevice& m = call.matrices;
    const auto with = [&](auto... operands) {
      if (kind == "gemm") {
        const auto target = upload_or_null(device, call.target);
        const int add = call.initial.empty() ? 0 : 1;
        device.launch(kernel, grid, block, shared, out, operands..., m.table, offsets, rows, source, target, m.groups, n,
                      m.rows, m.k, call.x.stride, call.stride, add, extra...);
      } else {
        const auto score = upload_or_null(device, call.score);
        device.launch(kernel, grid, block, shared, out, operands..., m.table, offsets, rows, source, score, m.groups, n,
                      m.rows, m.k, call.x.stride, call.stride, extra...);
      }
    };
    if (format == Format::FP8) {
      with(x, device.upload(call.x.scales));
    } else {
      with(x);
    }
  };
  if (format == Format::BF16) launch(device.upload(call.x.bf16));
  if (format == Format::FP8) launch(device.upload(call.x.codes));
  if (format == Format::INT4) launch(device.upload(call.x.bf16), call.w.group, (int)call.w.asymmetric);
}

// out [out_rows, stride], poisoned where nothing was written.
inline std::vector<float> run_gemm(Device& device, const GemmCall& call) {
  const size_t count = (size_t)call.out_rows * (size_t)call.stride;
  const auto out = device.upload(call.initial.empty() ? std::vector<float>(count, NAN) : call.initial);
  launch_product(device, call, "gemm", out, call.w.n);
  return device.download(out);
}

inline std::vector<uint16_t> run_swiglu(Device& device, const GemmCall& call, int n) {
  const auto out = device.upload(std::vector<uint16_t>((size_t)call.out_rows * (size_t)call.stride, 0x7fff));
  launch_product(device, call, "swiglu", out, n);
  return device.download(out);
}

// Equal bit for bit, NaNs included.
inline void expect_same_bits(const std::vector<float>& found, const std::vector<float>& expected, const std::string& what) {
  expect_equal((int64_t)found.size(), (int64_t)expected.size(), what + ": size");
  for (size_t i = 0; i < found.size(); i++) {
    if (memcmp(&found[i], &expected[i], 4) != 0) {
      throw Failure(what + ": element " + std::to_string(i) + " is " + std::to_string(found[i]) + ", expected " +
                    std::to_string(expected[i]) + ", bit for bit");
    }
  }
}

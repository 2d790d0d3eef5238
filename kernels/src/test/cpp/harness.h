// Native tests of kernels: one program for the emulator and for a GPU. It opens libcuda.so.1 at run time, the
// stand-in or the real one, and loads images: libraries built for the emulator, or cubins.
//
//   MR_TEST(rmsnorm_of_one_row) {
//     auto x = device.upload(values);
//     auto y = device.array<float>(n);
//     device.launch("mr_rmsnorm", {rows}, {256}, shared_bytes, x, y, n);
//     expect_close(device.download(y), expected, 1e-6, "normed row");
//   }
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "numbers.h"

struct Dim {
  unsigned x = 1, y = 1, z = 1;
};

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Skipped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// An array in device memory; freed with its Device at the end of the case.
template <class T>
struct Array {
  uint64_t address = 0;
  size_t count = 0;
  // The array from element `first` on, as kernels take `p + first`.
  Array from(size_t first) const { return {address + first * sizeof(T), count - first}; }
};

struct alignas(64) TensorMapBytes {
  unsigned char bytes[128];
};

class Device {
 public:
  // What a case may ask of the machine.
  bool emulated() const;
  int compute_capability() const;  // 10 * major + minor
  // Throws Skipped unless the device has TMA and wgmma (9.0).
  void needs_hopper() const;

  template <class T>
  Array<T> array(size_t count) {
    return {allocate(count * sizeof(T)), count};
  }
  template <class T>
  Array<T> upload(const std::vector<T>& values) {
    Array<T> a = array<T>(values.size());
    write(a.address, values.data(), values.size() * sizeof(T));
    return a;
  }
  template <class T>
  std::vector<T> download(const Array<T>& a) {
    std::vector<T> values(a.count);
    read(values.data(), a.address, a.count * sizeof(T));
    return values;
  }
  // A tensor map over row-major data: dims and box innermost first; rows of `row_bytes`, and for rank 3 planes of
  // `plane_bytes`. `element` as in CUtensorMapDataType: 0 u8, 9 bf16, 7 f32; swizzle 0, 32, 64 or 128.
  TensorMapBytes tensor_map(int element, uint64_t address, const std::vector<uint64_t>& dims,
                            const std::vector<uint64_t>& strides, const std::vector<uint32_t>& box, int swizzle);

  // Launches and waits; throws with the driver's text if anything fails.
  template <class... A>
  void launch(const std::string& kernel, Dim grid, Dim block, size_t shared, const A&... arguments) {
    std::vector<void*> pointers;
    (pointers.push_back(const_cast<void*>(pointer(arguments))), ...);
    run(kernel, grid, block, shared, pointers.data());
  }
  // The driver's text of the error a launch ends with; fails if it ends without one.
  template <class... A>
  std::string launch_fails(const std::string& kernel, Dim grid, Dim block, size_t shared, const A&... arguments) {
    try {
      launch(kernel, grid, block, shared, arguments...);
    } catch (const Failure& failure) {
      recover();
      return failure.what();
    }
    throw Failure(kernel + " ended without an error");
  }
  // Calls a function of the driver by name; throws unless it answers success.
  void call(const std::string& name, const std::function<int(void*)>& with);
  void* symbol(const std::string& name);
  void* function(const std::string& kernel);

 private:
  template <class T>
  static const void* pointer(const Array<T>& a) {
    return &a.address;
  }
  template <class T>
  static const void* pointer(const T& value) {
    static_assert(std::is_arithmetic_v<T> || std::is_same_v<T, TensorMapBytes>, "numbers, arrays, tensor maps");
    return &value;
  }
  uint64_t allocate(size_t bytes);
  void write(uint64_t to, const void* from, size_t bytes);
  void read(void* to, uint64_t from, size_t bytes);
  // Forgets the emulator's sticky error.
  void recover();
  void run(const std::string& kernel, Dim grid, Dim block, size_t shared, void** arguments);
};

// ---- Cases

struct Case {
  const char* name;
  void (*run)(Device&);
};
std::vector<Case>& cases();
struct Registration {
  Registration(const char* name, void (*run)(Device&)) { cases().push_back({name, run}); }
};
#define MR_TEST(name)                                        \
  static void test_##name(Device& device);                   \
  static const Registration register_##name(#name, test_##name); \
  static void test_##name([[maybe_unused]] Device& device)

// ---- Random data: the seed is printed when a case fails. MILLRACE_TEST_SEED sets it.
std::mt19937& random_source();
std::vector<float> random_floats(size_t count, float low, float high);
std::vector<uint16_t> random_bf16(size_t count, float low, float high);

// ---- Expectations: throw Failure with the first difference.
void expect(bool condition, const std::string& what);
void expect_equal(int64_t found, int64_t expected, const std::string& what);
void expect_contains(const std::string& text, const std::string& part);
template <class T>
void expect_same(const std::vector<T>& found, const std::vector<T>& expected, const std::string& what) {
  expect_equal(static_cast<int64_t>(found.size()), static_cast<int64_t>(expected.size()), what + ": size");
  for (size_t i = 0; i < found.size(); i++) {
    if (found[i] != expected[i]) {
      throw Failure(what + ": element " + std::to_string(i) + " is " + std::to_string(found[i]) + ", expected " +
                    std::to_string(expected[i]));
    }
  }
}
// |found - expected| <= absolute + relative * |expected| for every element; NaN never passes.
void expect_close(const std::vector<float>& found, const std::vector<double>& expected, double relative,
                  double absolute, const std::string& what);

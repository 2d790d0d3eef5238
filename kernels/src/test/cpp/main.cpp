// Runs the native tests:
//
//   kernel-tests --driver target/emulator/libcuda.so.1 --image target/emulator/libmillrace_kernels.so
//                --image target/emulator/libmillrace_testkernels.so [--list] [case ...]
//
// One line per case, "N passed, N failed, N skipped" at the end; ends with 1 if any failed. A case name ending in *
// selects all that begin so. Without --driver the system's libcuda.so.1 is used: on a GPU, images are then cubins.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <chrono>

#include "driver.h"
#include "harness.h"

namespace {

bool selected(const std::string& name, const std::vector<std::string>& wanted) {
  if (wanted.empty()) return true;
  return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& w) {
    return w == name || (!w.empty() && w.back() == '*' && name.compare(0, w.size() - 1, w, 0, w.size() - 1) == 0);
  });
}

unsigned seed() {
  static const unsigned it = [] {
    const char* wanted = getenv("MILLRACE_TEST_SEED");
    return wanted ? static_cast<unsigned>(strtoul(wanted, nullptr, 10)) : std::random_device{}();
  }();
  return it;
}

}  // namespace

std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

std::mt19937& random_source() {
  static std::mt19937 source;
  return source;
}

std::vector<float> random_floats(size_t count, float low, float high) {
  std::uniform_real_distribution<float> values(low, high);
  std::vector<float> out(count);
  for (float& f : out) f = values(random_source());
  return out;
}

std::vector<uint16_t> random_bf16(size_t count, float low, float high) {
  std::vector<uint16_t> out;
  for (float f : random_floats(count, low, high)) out.push_back(bf16_nearest(f));
  return out;
}

void expect(bool condition, const std::string& what) {
  if (!condition) throw Failure(what);
}
void expect_equal(int64_t found, int64_t expected, const std::string& what) {
  if (found != expected) {
    throw Failure(what + " is " + std::to_string(found) + ", expected " + std::to_string(expected));
  }
}
void expect_contains(const std::string& text, const std::string& part) {
  if (text.find(part) == std::string::npos) throw Failure("expected \"" + part + "\" in: " + text);
}
void expect_close(const std::vector<float>& found, const std::vector<double>& expected, double relative,
                  double absolute, const std::string& what) {
  expect_equal(static_cast<int64_t>(found.size()), static_cast<int64_t>(expected.size()), what + ": size");
  for (size_t i = 0; i < found.size(); i++) {
    const double bound = absolute + relative * std::abs(expected[i]), off = std::abs(found[i] - expected[i]);
    if (!(off <= bound)) {
      throw Failure(what + ": element " + std::to_string(i) + " is " + std::to_string(found[i]) + ", expected " +
                    std::to_string(expected[i]) + " within " + std::to_string(bound));
    }
  }
}

int main(int count, char** arguments) {
  std::string driver_path = "libcuda.so.1";
  std::vector<std::string> wanted;
  bool list = false;
  try {
    for (int i = 1; i < count; i++) {
      const std::string argument = arguments[i];
      if (argument == "--list") {
        list = true;
      } else if (argument == "--driver" && i + 1 < count) {
        driver_path = arguments[++i];
      } else if (argument == "--image" && i + 1 < count) {
        add_image(arguments[++i]);
      } else if (argument[0] == '-') {
        fprintf(stderr, "kernel-tests: unknown option %s\n", argument.c_str());
        return 2;
      } else {
        wanted.push_back(argument);
      }
    }
    std::sort(cases().begin(), cases().end(), [](const Case& a, const Case& b) { return strcmp(a.name, b.name) < 0; });
    if (list) {
      for (const Case& each : cases()) printf("%s\n", each.name);
      return 0;
    }
    open_driver(driver_path);
    open_context();
  } catch (const Failure& failure) {
    fprintf(stderr, "kernel-tests: %s\n", failure.what());
    return 2;
  }
  int passed = 0, failed = 0, skipped = 0;
  Device device;
  for (const Case& each : cases()) {
    if (!selected(each.name, wanted)) continue;
    const auto began = std::chrono::steady_clock::now();
    random_source().seed(seed());
    bool broken = true;
    try {
      each.run(device);
      const auto spent = std::chrono::steady_clock::now() - began;
      printf("ok %s (%lld ms)\n", each.name,
             static_cast<long long>(std::chrono::duration_cast<std::chrono::milliseconds>(spent).count()));
      passed++;
      broken = false;
    } catch (const Skipped& why) {
      printf("skipped %s: %s\n", each.name, why.what());
      skipped++;
      broken = false;
    } catch (const std::exception& failure) {
      printf("FAILED %s: %s (seed %u)\n", each.name, failure.what(), seed());
      failed++;
    }
    fflush(stdout);
    end_case(broken);
  }
  printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
  fflush(stdout);
  // No destructors: the driver's threads may still be at work.
  _Exit(failed || passed + skipped == 0 ? 1 : 0);
}

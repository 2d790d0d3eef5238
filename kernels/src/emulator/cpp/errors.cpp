#include "errors.h"

#include <stdio.h>
#include <stdlib.h>

#include <mutex>

namespace {
// Leaked on purpose, like all singletons here: destructors at process exit would race with driver threads.
struct State {
  std::mutex mutex;
  CudaError sticky = CUDA_SUCCESS;
  std::string report;
};
State& state() {
  static State* it = new State;
  return *it;
}
void log(const std::string& text) {
  static const bool wanted = getenv("MILLRACE_EMULATOR_LOG") != nullptr;
  if (wanted) fprintf(stderr, "[emulator] %s\n", text.c_str());
}
}  // namespace

CudaError sticky_error() {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  return s.sticky;
}

void set_sticky_error(const Fault& fault) {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  if (s.sticky != CUDA_SUCCESS) return;
  s.sticky = fault.code;
  s.report = fault.text;
  log(fault.text);
}

void clear_sticky_error() {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  s.sticky = CUDA_SUCCESS;
  s.report.clear();
}

CudaError refuse(CudaError code, const std::string& why) {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  if (s.sticky == CUDA_SUCCESS) s.report = why;
  log(why);
  return code;
}

std::string last_report() {
  State& s = state();
  std::lock_guard<std::mutex> lock(s.mutex);
  return s.report;
}

// Streams, events and graphs of the driver; and that delayed streams show what the host forgot to wait for.
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "harness.h"

namespace {

using Pointer = unsigned long long;

// The calls of this file, by name.
struct Calls {
  explicit Calls(Device& d) : device(d) {}
  Device& device;
  template <class... A>
  void operator()(const char* name, A... arguments) {
    device.call(name, [&](void* f) { return reinterpret_cast<int (*)(A...)>(f)(arguments...); });
  }
  template <class... A>
  int code(const char* name, A... arguments) {
    return reinterpret_cast<int (*)(A...)>(device.symbol(name))(arguments...);
  }
};

constexpr unsigned NON_BLOCKING = 1;
constexpr int N = 64;

bool delayed() {
  const char* mode = getenv("MILLRACE_EMULATOR_STREAMS");
  return mode && !strcmp(mode, "delayed");
}

// out[2 + i] = in[i] * 2654435761 + i, see probe.cu.
void probe(Calls& call, void* stream, Pointer in, Pointer out) {
  int n = N;
  void* arguments[] = {&in, &out, &n};
  call("cuLaunchKernel", call.device.function("mr_probe"), 1u, 1u, 1u, static_cast<unsigned>(N), 1u, 1u, 0u, stream,
       static_cast<void**>(arguments), static_cast<void**>(nullptr));
}
uint32_t probed(uint32_t in, uint32_t i) { return in * 2654435761u + i; }

struct Pinned {
  Pinned(Calls& c, size_t words) : call(c) {
    void* p = nullptr;
    call("cuMemHostAlloc", &p, words * 4, 0u);
    values = static_cast<uint32_t*>(p);
  }
  ~Pinned() { call.code("cuMemFreeHost", static_cast<void*>(values)); }
  Calls& call;
  uint32_t* values;
};

}  // namespace

MR_TEST(streams_keep_their_order_and_events_join_them) {
  Calls call(device);
  void *copies = nullptr, *work = nullptr, *arrived = nullptr, *done = nullptr;
  call("cuStreamCreate", &copies, NON_BLOCKING);
  call("cuStreamCreate", &work, NON_BLOCKING);
  call("cuEventCreate", &arrived, 0u);
  call("cuEventCreate", &done, 0u);
  const auto in = device.array<uint32_t>(N), out = device.array<uint32_t>(N + 2);
  Pinned from(call, N), to(call, N + 2);
  for (uint32_t round = 0; round < 10; round++) {
    for (uint32_t i = 0; i < N; i++) from.values[i] = 1000 * round + i;
    call("cuMemcpyHtoDAsync_v2", Pointer{in.address}, static_cast<const void*>(from.values), size_t{4 * N}, copies);
    call("cuEventRecord", arrived, copies);
    call("cuStreamWaitEvent", work, arrived, 0u);
    probe(call, work, in.address, out.address);
    call("cuMemcpyDtoHAsync_v2", static_cast<void*>(to.values), Pointer{out.address}, size_t{4 * (N + 2)}, work);
    call("cuEventRecord", done, work);
    call("cuEventSynchronize", done);
    for (uint32_t i = 0; i < N; i++) {
      expect_equal(to.values[2 + i], probed(1000 * round + i, i), "element " + std::to_string(i));
    }
  }
  float milliseconds = -1;
  call("cuEventElapsedTime", &milliseconds, arrived, done);
  expect(milliseconds >= 0, "time between events");
  expect_equal(call.code("cuStreamQuery", work), 0, "state of the finished stream");
  call("cuStreamDestroy_v2", copies);
  call("cuStreamDestroy_v2", work);
  call("cuEventDestroy_v2", arrived);
  call("cuEventDestroy_v2", done);
}

MR_TEST(graphs_replay_what_was_captured) {
  Calls call(device);
  void *stream = nullptr, *graph = nullptr, *executable = nullptr;
  call("cuStreamCreate", &stream, NON_BLOCKING);
  const auto in = device.array<uint32_t>(N), out = device.array<uint32_t>(N + 2);
  Pinned from(call, N), to(call, N + 2);
  call("cuStreamBeginCapture_v2", stream, 0);
  call("cuMemcpyHtoDAsync_v2", Pointer{in.address}, static_cast<const void*>(from.values), size_t{4 * N}, stream);
  probe(call, stream, in.address, out.address);
  call("cuMemcpyDtoHAsync_v2", static_cast<void*>(to.values), Pointer{out.address}, size_t{4 * (N + 2)}, stream);
  call("cuStreamEndCapture", stream, &graph);
  size_t nodes = 0;
  call("cuGraphGetNodes", graph, static_cast<void**>(nullptr), &nodes);
  expect_equal(static_cast<int64_t>(nodes), 3, "nodes of the graph");
  call("cuGraphInstantiateWithFlags", &executable, graph, 0ull);
  call("cuGraphDestroy", graph);
  for (uint32_t round = 0; round < 5; round++) {
    for (uint32_t i = 0; i < N; i++) from.values[i] = 7 * round + i;
    call("cuGraphLaunch", executable, stream);
    call("cuStreamSynchronize", stream);
    for (uint32_t i = 0; i < N; i++) {
      expect_equal(to.values[2 + i], probed(7 * round + i, i), "element " + std::to_string(i));
    }
  }
  call("cuGraphExecDestroy", executable);
  call("cuStreamDestroy_v2", stream);
}

MR_TEST(captures_refuse_what_would_break_them) {
  if (!device.emulated()) throw Skipped("would leave a GPU's context in a broken capture");
  Calls call(device);
  void *stream = nullptr, *graph = nullptr;
  call("cuStreamCreate", &stream, NON_BLOCKING);
  call("cuStreamBeginCapture_v2", stream, 0);
  constexpr int CAPTURE_UNSUPPORTED = 900, CAPTURE_INVALIDATED = 901;
  expect_equal(call.code("cuStreamSynchronize", stream), CAPTURE_UNSUPPORTED, "waiting for a captured stream");
  expect_equal(call.code("cuStreamEndCapture", stream, &graph), CAPTURE_INVALIDATED, "end of the broken capture");
  call("cuStreamDestroy_v2", stream);
}

MR_TEST(calls_with_bad_arguments_are_refused_with_a_reason) {
  if (!device.emulated()) throw Skipped("the texts are the emulator's");
  Calls call(device);
  const auto a = device.array<uint32_t>(N);
  const auto refusal = [&](const char* name, auto... arguments) {
    try {
      call(name, arguments...);
    } catch (const Failure& failure) {
      return std::string(failure.what());
    }
    throw Failure(std::string(name) + " was accepted");
  };
  std::vector<uint32_t> host(2 * N);
  expect_contains(refusal("cuMemcpyHtoD_v2", Pointer{a.address}, static_cast<const void*>(host.data()), size_t{4 * N + 4}),
                  "260 bytes at offset 0 do not fit in a device allocation of 256 bytes");
  expect_contains(refusal("cuMemcpyDtoH_v2", static_cast<void*>(host.data()), Pointer{a.address + 256}, size_t{4}),
                  "the address is in no device allocation");
  expect_contains(refusal("cuMemFree_v2", Pointer{a.address + 4}), "freed before");
  Pointer p = 0;
  expect_contains(refusal("cuMemAlloc_v2", &p, size_t{1} << 50), "CUDA_ERROR_OUT_OF_MEMORY");
  Pointer in = a.address;
  int n = N;
  void* arguments[] = {&in, &in, &n};
  expect_contains(refusal("cuLaunchKernel", device.function("mr_probe"), 1u, 1u, 1u, 1025u, 1u, 1u, 0u,
                          static_cast<void*>(nullptr), static_cast<void**>(arguments), static_cast<void**>(nullptr)),
                  "launch of mr_probe: block of 1025 threads, at most 1024");
  expect_contains(refusal("cuLaunchKernel", device.function("mr_probe"), 1u, 1u, 1u, 32u, 1u, 1u, 50000u,
                          static_cast<void*>(nullptr), static_cast<void**>(arguments), static_cast<void**>(nullptr)),
                  "raise it with cuFuncSetAttribute");
  expect_contains(refusal("cuArrayDestroy", static_cast<void*>(nullptr)), "cuArrayDestroy is not emulated");
}

MR_TEST(defect_host_does_not_wait_for_the_copy_back) {
  if (!device.emulated() || !delayed()) throw Skipped("needs the emulator with delayed streams");
  Calls call(device);
  void* stream = nullptr;
  call("cuStreamCreate", &stream, NON_BLOCKING);
  const auto out = device.array<uint32_t>(N + 2), in = device.upload(std::vector<uint32_t>(N, 3));
  Pinned to(call, N + 2);
  memset(to.values, 0, 4 * (N + 2));
  probe(call, stream, in.address, out.address);
  call("cuMemcpyDtoHAsync_v2", static_cast<void*>(to.values), Pointer{out.address}, size_t{4 * (N + 2)}, stream);
  // cuStreamSynchronize is missing here.
  expect_equal(to.values[2], ~0u, "what the host reads too early");
  call("cuStreamSynchronize", stream);
  expect_equal(to.values[2], probed(3, 0), "what it reads after waiting");
  call("cuStreamDestroy_v2", stream);
}

MR_TEST(defect_streams_without_an_event_between_them) {
  if (!device.emulated() || !delayed()) throw Skipped("needs the emulator with delayed streams");
  Calls call(device);
  void *producer = nullptr, *consumer = nullptr;
  call("cuStreamCreate", &producer, NON_BLOCKING);
  call("cuStreamCreate", &consumer, NON_BLOCKING);
  const auto in = device.array<uint32_t>(N), out = device.array<uint32_t>(N + 2);
  Pinned from(call, N);
  for (uint32_t i = 0; i < N; i++) from.values[i] = 11;
  call("cuMemcpyHtoDAsync_v2", Pointer{in.address}, static_cast<const void*>(from.values), size_t{4 * N}, producer);
  probe(call, consumer, in.address, out.address);
  // The consumer should have waited for an event of the producer.
  call("cuStreamSynchronize", consumer);
  expect_equal(device.download(out)[2], probed(~0u, 0), "the consumer's result, made of poison");
  call("cuStreamDestroy_v2", producer);
  call("cuStreamDestroy_v2", consumer);
}

MR_TEST(defect_host_overwrites_what_is_still_to_be_copied) {
  if (!device.emulated() || !delayed()) throw Skipped("needs the emulator with delayed streams");
  Calls call(device);
  void* stream = nullptr;
  call("cuStreamCreate", &stream, NON_BLOCKING);
  const auto in = device.array<uint32_t>(N);
  Pinned from(call, N);
  for (uint32_t i = 0; i < N; i++) from.values[i] = 1;
  call("cuMemcpyHtoDAsync_v2", Pointer{in.address}, static_cast<const void*>(from.values), size_t{4 * N}, stream);
  for (uint32_t i = 0; i < N; i++) from.values[i] = 2;  // the next step's data, too early
  call("cuStreamSynchronize", stream);
  expect_equal(device.download(in)[0], 2, "what arrived");
  call("cuStreamDestroy_v2", stream);
}

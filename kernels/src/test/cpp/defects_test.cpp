// What the emulator says to kernels with seeded defects, and to a host that forgets to synchronise.
#include <stdlib.h>

#include <algorithm>

#include "driver.h"
#include "harness.h"

namespace {

void needs_emulator(const Device& device) {
  if (!device.emulated()) throw Skipped("seeded defects are for the emulator");
}

std::vector<int> counted(int n) {
  std::vector<int> out;
  for (int i = 0; i < n; i++) out.push_back(i);
  return out;
}

struct Tiles {
  TensorMapBytes a, b;
  Array<float> out;
};
Tiles tiles(Device& device) {
  const auto a = device.upload(random_bf16(64 * 64, 1, 2)), b = device.upload(random_bf16(64 * 64, 1, 2));
  const auto map = [&](uint64_t address) { return device.tensor_map(9, address, {64, 64}, {128}, {64, 64}, 128); };
  return {map(a.address), map(b.address), device.array<float>(128 * 32)};
}
constexpr int TILE_SHARED = 16384 + 8;

std::string wgmma_report(Device& device, int variant) {
  const Tiles t = tiles(device);
  return device.launch_fails("defect_wgmma", {1}, {128}, TILE_SHARED, t.a, t.b, t.out, variant);
}
// Elements that differ between two runs of the kernel on the same tiles, or are NaN.
size_t wgmma_differences(Device& device, int variant) {
  const Tiles t = tiles(device);
  device.launch("defect_wgmma", {1}, {128}, TILE_SHARED, t.a, t.b, t.out, 0);
  const auto right = device.download(t.out);
  device.launch("defect_wgmma", {1}, {128}, TILE_SHARED, t.a, t.b, t.out, variant);
  const auto wrong = device.download(t.out);
  size_t differences = 0;
  for (size_t i = 0; i < right.size(); i++) differences += !(right[i] == wrong[i]);
  return differences;
}

}  // namespace

MR_TEST(defect_removed_barrier_gives_wrong_values_in_every_order) {
  needs_emulator(device);
  const auto out = device.array<int>(128);
  device.launch("defect_no_barrier", {1}, {128}, 512, device.upload(counted(128)), out);
  const auto found = device.download(out);
  int wrong = 0;
  for (int i = 0; i < 128; i++) wrong += found[static_cast<size_t>(i)] != (i + 1) % 128 + (i + 127) % 128;
  expect(wrong > 0, "no thread saw that its neighbour had not written yet");
}

MR_TEST(defect_write_past_the_end_is_located) {
  needs_emulator(device);
  // Within the page of the last element: found when the kernel has ended.
  const auto report = device.launch_fails("defect_write_past_end", {2}, {64}, 0, device.array<int>(100), 100);
  expect_contains(report, "CUDA_ERROR_ILLEGAL_ADDRESS");
  expect_contains(report, "wrote out of bounds: 0 bytes past the end of a device allocation of 400 bytes");
}

MR_TEST(defect_write_far_out_names_the_thread) {
  needs_emulator(device);
  const auto report = device.launch_fails("defect_write_far_out", {2}, {64}, 0, device.array<int>(100), 100);
  expect_contains(report, "CUDA_ERROR_ILLEGAL_ADDRESS");
  expect_contains(report, "illegal address 0x");
  expect_contains(report, "39200 bytes past the end of a device allocation of 400 bytes");
  expect_contains(report, "block (1,0,0) thread (35,0,0)");
}

MR_TEST(defect_use_after_free_is_named) {
  needs_emulator(device);
  const auto freed = device.array<int>(64);
  device.call("cuMemFree_v2", [&](void* f) {
    return reinterpret_cast<int (*)(unsigned long long)>(f)(freed.address);
  });
  expect_contains(device.launch_fails("defect_write_past_end", {1}, {64}, 0, freed, 63),
                  "argument 0 of defect_write_past_end points to no device memory: inside a device allocation of 256 "
                  "bytes that was freed");
}

MR_TEST(defect_shared_memory_out_of_bounds) {
  needs_emulator(device);
  const auto out = device.array<int>(64);
  expect_contains(device.launch_fails("defect_read_shared_past_end", {1}, {64}, 512, out),
                  "bytes into shared memory of 512 bytes, block (0,0,0) thread (");
  expect_contains(device.launch_fails("defect_write_shared_past_end", {1}, {64}, 128, 7),
                  "shared memory overrun: the block wrote 0 bytes past the end of its 128 bytes");
}

MR_TEST(defect_divergent_barrier_is_reported_with_its_lanes) {
  needs_emulator(device);
  const auto report = device.launch_fails("defect_divergent_barrier", {1}, {64}, 0, device.array<int>(64));
  expect_contains(report, "CUDA_ERROR_LAUNCH_FAILED");
  expect_contains(report, "divergent barrier: lanes 0000ffff of warp 0 arrived at barrier 0, lanes ffff0000 did not");
  expect_contains(report, "defects.cu:");
}

MR_TEST(defect_two_barriers_for_one_are_reported) {
  needs_emulator(device);
  expect_contains(device.launch_fails("defect_two_barriers", {1}, {64}, 0, device.array<int>(64)),
                  "divergent barrier: lanes ");
}

MR_TEST(defect_deadlock_is_reported_with_masks) {
  needs_emulator(device);
  const auto report = device.launch_fails("defect_deadlock", {1}, {64}, 0, device.array<int>(64));
  expect_contains(report, "deadlock: no thread can run, 64 of 64 wait for each other");
  expect_contains(report, "warp 0 lanes 00000001 wait at barrier 0 (defects.cu:");
  expect_contains(report, "lanes fffffffe wait in __syncwarp of lanes ffffffff (defects.cu:");
}

MR_TEST(defect_mixed_collectives_are_reported) {
  needs_emulator(device);
  const auto report = device.launch_fails("defect_mixed_collectives", {1}, {32}, 0, device.array<int>(32));
  expect_contains(report, "mixed warp operations: lane 0 of warp 0 is in a vote with mask ffffffff at defects.cu:");
  expect_contains(report, "lane 1 in a shuffle with mask ffffffff at defects.cu:");
}

MR_TEST(defect_stale_pipeline_stage_is_poison) {
  needs_emulator(device);
  const auto out = device.array<uint32_t>(128);
  device.launch("defect_stale_stage", {1}, {128}, 4096, device.upload(std::vector<uint32_t>(1024, 5)), out);
  const auto found = device.download(out);
  // A thread that comes late may find that its neighbour has waited in the end.
  expect(std::count(found.begin(), found.end(), ~0u) >= 32, "no thread saw the poison of the stage under way");
}

MR_TEST(defect_copies_in_flight_at_the_end_are_reported) {
  needs_emulator(device);
  const auto in = device.upload(std::vector<uint32_t>(1024, 5));
  expect_contains(device.launch_fails("defect_no_wait", {1}, {128}, 4096, in),
                  "thread left the kernel with cp.async copies in flight; wait for them at defects.cu:");
  expect_contains(device.launch_fails("defect_misaligned_copy", {1}, {128}, 4096, in),
                  "cp.async source is not aligned to 16 bytes at defects.cu:");
}

MR_TEST(defect_wrong_swizzle_gives_wrong_values) {
  needs_emulator(device);
  device.needs_hopper();
  expect_equal(static_cast<int64_t>(wgmma_differences(device, 0)), 0, "differences between two right runs");
  // 1 to 2 times 1 to 2, 16 times: nearly every sum changes when its terms are mixed up.
  expect(wgmma_differences(device, 1) > 3000, "the wrong swizzle changed too little to be seen");
}

MR_TEST(defect_tma_reports) {
  needs_emulator(device);
  device.needs_hopper();
  expect_contains(wgmma_report(device, 2), "for the mbarrier at shared offset 16384, which lacks 0 arrivals and 4096 bytes");
  expect_contains(wgmma_report(device, 3), "for the mbarrier at shared offset 16384, which lacks 1 arrivals and 0 bytes");
  expect_contains(wgmma_report(device, 5), "wgmma without a wgmma fence before it at defects.cu:");
}

MR_TEST(defect_missing_waits_give_poison) {
  needs_emulator(device);
  device.needs_hopper();
  expect(wgmma_differences(device, 4) == 4096, "accumulators read before the wait are NaN");
}

MR_TEST(defect_starved_mbarrier_is_a_deadlock) {
  needs_emulator(device);
  const auto report = device.launch_fails("defect_mbarrier_starved", {1}, {64}, TILE_SHARED, device.array<int>(64));
  expect_contains(report, "deadlock: no thread can run, 32 of 64 wait for each other, 32 have left");
  expect_contains(report, "mbarrier at shared offset 16384, which lacks 1 arrivals and 0 bytes");
}

MR_TEST(defect_stack_overflow_is_named) {
  needs_emulator(device);
  expect_contains(device.launch_fails("defect_stack_overflow", {1}, {32}, 0, device.array<int>(32), 64 << 10),
                  "stack overflow");
}

MR_TEST(defect_failed_check_is_an_assertion) {
  needs_emulator(device);
  device.launch("defect_check", {1}, {32}, 0, 128);
  const auto report = device.launch_fails("defect_check", {1}, {32}, 0, 100);
  expect_contains(report, "CUDA_ERROR_ASSERT");
  expect_contains(report, "check failed: n % 64 == 0 at defects.cu:");
}

MR_TEST(defect_misaligned_vector_is_named) {
  needs_emulator(device);
  const auto report = device.launch_fails("defect_misaligned_vector", {1}, {32}, 0,
                                          device.upload(std::vector<uint32_t>(64, 1)), device.array<uint32_t>(32));
  expect_contains(report, "CUDA_ERROR_MISALIGNED_ADDRESS");
  expect_contains(report, "misaligned access: ");
  expect_contains(report, "which is no multiple of 16 at defects.cu:");
}

MR_TEST(defect_index_past_an_array_is_named) {
  needs_emulator(device);
  device.launch("defect_index_past_array", {1}, {32}, 256, 0);
  expect_contains(device.launch_fails("defect_index_past_array", {1}, {32}, 256, 9),
                  "is outside of 'int [32]' at defects.cu:");
}

MR_TEST(defect_reports_stay_until_the_end) {
  needs_emulator(device);
  try {
    device.launch("defect_check", {1}, {32}, 0, 100);
  } catch (const Failure&) {
  }
  // The error is sticky: the next call, whatever it is, tells the same.
  try {
    device.array<int>(1);
  } catch (const Failure& failure) {
    expect_contains(failure.what(), "check failed: n % 64 == 0");
    return;
  }
  throw Failure("the device works on after an error");
}

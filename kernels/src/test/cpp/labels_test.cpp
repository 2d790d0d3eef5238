// Logits of single labels: the bits of the whole head's product.
#include <math.h>

#include <algorithm>

#include "harness.h"
#include "random_values.h"

using namespace millrace_test;

namespace {

struct LabelRequest {
  int32_t row, reserved[3], ids[16];
};

void check(Device& device, int vocabulary, int k, int ldx) {
  Random random(random_source()());
  constexpr int ROWS = 5, REQUESTS = 6;
  const int packedRows = (vocabulary + 63) / 64 * 64;
  const std::vector<uint16_t> head = random.bf16((size_t)vocabulary * k, 1 / sqrt(k));
  const std::vector<uint16_t> x = random.bf16((size_t)ROWS * ldx, 1);
  const auto packed = device.upload(std::vector<uint16_t>((size_t)packedRows * k));
  device.launch("mr_pack_bf16", {(unsigned)(k + 63) / 64, (unsigned)(vocabulary + 63) / 64}, {256}, 8448, packed,
                device.upload(head), (int64_t)k, (int64_t)1, 1, vocabulary, k, 0, 0, k, 0, 0);
  const auto rows = device.upload(x);
  const auto all = device.array<float>((size_t)ROWS * vocabulary);
  device.launch("mr_gemm_bf16_n8", {2}, {128}, 57344, all, rows, device.upload(std::vector<uint64_t>{packed.address}),
                Array<int32_t>{}, device.upload(std::vector<int32_t>{ROWS}), Array<int32_t>{}, Array<int32_t>{}, 1,
                vocabulary, packedRows, k, ldx, vocabulary, 0);
  const std::vector<float> expected = device.download(all);

  std::vector<LabelRequest> requests(REQUESTS);
  for (int i = 0; i < REQUESTS; i++) {
    requests[(size_t)i] = {random.below(ROWS), {0, 0, 0}, {}};
    for (int j = 0; j < 16; j++) requests[(size_t)i].ids[j] = random.below(5) == 0 ? -1 : random.below(vocabulary);
  }
  requests[0].ids[0] = vocabulary - 1;
  const auto out = device.array<float>(REQUESTS * 16);
  device.launch("mr_head_labels", {REQUESTS}, {32}, 0, rows, packed, device.upload(requests), out, k, ldx);
  const std::vector<float> found = device.download(out);
  std::vector<float> wanted;
  for (const LabelRequest& request : requests) {
    for (int id : request.ids) wanted.push_back(id < 0 ? 0 : expected[(size_t)(request.row * vocabulary + id)]);
  }
  expect_same(found, wanted, "logits of labels");
  double exact = 0;
  for (int i = 0; i < std::min(k, ldx); i++) {
    exact += (double)bf16_value(head[(size_t)(requests[0].ids[0] * k + i)]) *
             bf16_value(x[(size_t)(requests[0].row * ldx + i)]);
  }
  expect(fabs(found[0] - exact) < 1e-5, "the sum itself");
}

}  // namespace

MR_TEST(labels_have_the_logits_of_the_whole_head) { check(device, 301, 256, 256); }
MR_TEST(labels_of_rows_narrower_than_the_packed_head) { check(device, 64, 128, 72); }

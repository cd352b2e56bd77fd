// Any text at all, as a histogram in the properties of an SST: it is refused and changes nothing,
// or it is the text of a histogram that adds up. And any numbers: what is counted is read back.

#include <string>
#include <string_view>

#include "plugin/rocksdb/histogram.h"
#include "sheaf/blob_view.h"
#include "tests/fuzz/fuzz.h"

namespace sheaf {
namespace internal {
namespace {

using fuzz::Check;

void CheckSound(const Histogram& histogram) {
  const std::string text = histogram.ToText();
  Histogram again;
  Check(again.FromText(text) && again.ToText() == text, "its own text is read back", text);
  if (histogram.empty()) return Check(text.empty(), "an empty histogram has no text", text);
  Check(histogram.min() <= histogram.max(), "the min is not above the max", text);
  uint64_t before = histogram.min();
  for (const double part : {0.0, 0.1, 0.5, 0.9, 0.99, 1.0}) {
    const uint64_t quantile = histogram.Quantile(part);
    Check(quantile >= before && quantile <= histogram.max(), "quantiles lie in order", text);
    before = quantile;
  }
}

void CheckText(std::string_view text) {
  Histogram histogram;
  histogram.Add(9, 3);
  const std::string was = histogram.ToText();
  if (!histogram.FromText(text)) {
    return Check(histogram.ToText() == was, "a refused text changes nothing", text);
  }
  CheckSound(histogram);
  Histogram sum = histogram;
  sum.Add(histogram);
  CheckSound(sum);
}

void CheckNumbers(fuzz::Input input) {
  Histogram histogram;
  uint64_t count = 0;
  for (; !input.empty(); ++count) {
    const unsigned shift = input.Byte() % 64;
    const uint64_t number = input.Number() >> shift;
    histogram.Add(number);
    const size_t bucket = Histogram::BucketOf(number);
    Check(Histogram::From(bucket) <= number && number <= Histogram::To(bucket),
          "a number lies in its bucket", std::to_string(number));
  }
  Check(histogram.total() == count, "all are counted", histogram.ToText());
  CheckSound(histogram);
}

void CheckSizes(std::string_view bytes, Layout layout) {
  const absl::StatusOr<BlobView> list = BlobView::Parse(bytes, layout);
  if (!list.ok()) return;
  Histogram sizes, one_by_one;
  sizes.AddSizes(*list);
  for (const std::string_view value : *list) one_by_one.Add(value.size());
  Check(sizes.ToText() == one_by_one.ToText(), "sizes are counted as one by one", sizes.ToText());
}

}  // namespace
}  // namespace internal
}  // namespace sheaf

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  sheaf::internal::CheckText(bytes);
  sheaf::internal::CheckNumbers(sheaf::fuzz::Input(data, size));
  sheaf::internal::CheckSizes(bytes, sheaf::Layout::kCompact);
  sheaf::internal::CheckSizes(bytes, sheaf::Layout::kFixed64);
  return 0;
}

// Any bytes at all, as an operand and as a bundle: the library takes what the model takes, reads
// the same edits, and says why it refuses the rest.

#include <string>
#include <string_view>
#include <vector>

#include "plugin/codec/operand.h"
#include "plugin/rocksdb/bundle.h"
#include "tests/codec/differential.h"
#include "tests/fuzz/fuzz.h"
#include "tests/rocksdb/list_model.h"

namespace sheaf {
namespace {

using fuzz::Check;
using internal::Edit;

bool Same(const Edit& edit, const model::Edit& expected) {
  if (static_cast<int>(edit.kind) != static_cast<int>(expected.kind)) return false;
  if (edit.kind == Edit::Kind::kAppend) {
    return test::DifferenceFrom(expected.values, edit.values).empty();
  }
  return edit.count == expected.count && edit.value == expected.value;
}

// The one way to write `edits`, unless they are a batch.
void CheckEncoding(std::string_view operand, const std::vector<model::Edit>& edits) {
  std::vector<std::string> encoded;
  for (const model::Edit& edit : edits) encoded.push_back(model::Encode(edit));
  const bool is_batch = static_cast<uint8_t>(operand[0]) == 0xA4;
  std::string again;
  if (is_batch) {
    const std::vector<std::string_view> views(encoded.begin(), encoded.end());
    Check(internal::EncodeBatch(views, &again).ok(), "a batch that was read can be written");
    Check(again == model::EncodeBatch(encoded), "EncodeBatch writes what the model does", again);
  } else {
    again = encoded[0];
  }
  std::vector<Edit> read;
  const absl::Status status = internal::ParseOperand(again, &read);
  Check(status.ok() && read.size() == edits.size(), "what is encoded again is read",
        status.message());
  for (size_t i = 0; i < read.size(); ++i) {
    Check(Same(read[i], edits[i]), "what is encoded again is the same", again);
  }
}

void CheckOperand(std::string_view bytes) {
  const auto expected = model::DecodeOperand(bytes);
  std::vector<Edit> edits(1);  // they are added to what is there
  const absl::Status status = internal::ParseOperand(bytes, &edits);
  Check(status.ok() == expected.has_value(), "the model takes what ParseOperand takes",
        status.ok() ? "taken" : status.message());
  Check(internal::IsClear(bytes) == (bytes == "\xA0"), "IsClear is of one byte");
  if (!status.ok()) {
    Check(!status.message().empty() && edits.size() == 1, "a refusal says why and adds nothing");
    return;
  }
  Check(edits.size() == 1 + expected->size(), "as many edits as the model reads");
  for (size_t i = 0; i < expected->size(); ++i) {
    Check(Same(edits[i + 1], (*expected)[i]), "the edits that the model reads");
  }
  CheckEncoding(bytes, *expected);
  // Operands delimit themselves.
  const std::string joined = std::string(bytes) + ":rest";
  std::string_view rest = joined;
  std::vector<Edit> prefix;
  Check(internal::ParseOperandPrefix(&rest, &prefix).ok() && rest == ":rest" &&
            prefix.size() == expected->size(),
        "an operand is read where more follows", rest);
}

void CheckBundle(std::string_view bytes) {
  const auto expected = reference::Decode(bytes, reference::Form::kBundle);
  const absl::StatusOr<BlobView> bundle = internal::ParseBundle(bytes);
  Check(bundle.ok() == expected.has_value(), "the reference takes what ParseBundle takes");
  if (bundle.ok()) {
    const std::vector<std::string_view> inputs(bundle->begin(), bundle->end());
    Check(inputs == std::vector<std::string_view>(expected->begin(), expected->end()),
          "the inputs that the reference reads");
    std::string again;
    Check(internal::EncodeBundle(inputs, &again).ok() &&
              again == reference::Encode(*expected, reference::Form::kBundle),
          "EncodeBundle writes what the reference does", again);
  }
  for (const Layout layout : {Layout::kCompact, Layout::kFixed64}) {
    const absl::Status refused = BlobView::Parse(bytes, layout).status();
    if (refused.ok()) continue;
    const absl::Status why = internal::ExplainUndecodable(bytes, layout, refused);
    Check(!why.ok() && !why.message().empty(), "a value that is no list says why");
  }
}

}  // namespace
}  // namespace sheaf

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  sheaf::CheckOperand(bytes);
  sheaf::CheckBundle(bytes);
  return 0;
}

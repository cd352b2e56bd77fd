// Any bytes at all, as a value that `repair` finds: it becomes a list, or stays with a reason. And
// any edits, joined as a merge operator that does not know them joins operands: the list of a
// model.
//
// The first byte chooses layout, delimiter, whether plain values are adopted, and which of the two
// the rest is.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sheaf/append_operator.h"
#include "sheaf/blob_builder.h"
#include "tests/fuzz/fuzz.h"
#include "tests/tool/edit_model.h"
#include "tools/sheaf/salvage.h"

namespace sheaf {
namespace tool {
namespace {

using fuzz::Check;
using testing::Edit;
using testing::List;

std::string ListOf(const List& values, Layout layout) {
  return Encode(std::vector<std::string_view>(values.begin(), values.end()), layout).value();
}

void CheckMended(const Salvager& salvager, Layout layout, std::string_view value,
                 const List* expected) {
  if (BlobView::Parse(value, layout).ok()) return;
  const absl::StatusOr<Salvaged> mended = salvager.Mend(value);
  if (!mended.ok()) {
    Check(expected == nullptr, "what was joined is mended", mended.status().message());
    return Check(absl::IsDataLoss(mended.status()) && !mended.status().message().empty(),
                 "what is left as it is has a reason", mended.status().message());
  }
  const absl::StatusOr<BlobView> list = BlobView::Parse(mended->list, layout);
  Check(list.ok(), "what is mended is a list", list.status().message());
  Check(!mended->how.empty(), "what was done is told");
  if (expected == nullptr) return;
  Check(List(list->begin(), list->end()) == *expected, "what was joined is what it was",
        mended->how);
}

Edit TakeEdit(fuzz::Input* input) {
  switch (input->Byte() % 7) {
    case 0:
      return Edit::Clear();
    case 1:
      return Edit::KeepFirst(input->Byte() % 8);
    case 2:
      return Edit::KeepLast(input->Byte() % 8);
    case 3:
      return Edit::Remove(std::string(input->Take(input->Byte() % 16)));
    case 4:
      return Edit::RemovePrefix(std::string(input->Take(input->Byte() % 4)));
    case 5:
      return Edit::DropFirst(input->Byte() % 8);
    default: {
      List values(input->Byte() % 4);
      for (std::string& value : values) value = input->Take(input->Byte() % 16);
      return Edit::Append(values);
    }
  }
}

}  // namespace
}  // namespace tool
}  // namespace sheaf

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sheaf::tool;
  sheaf::fuzz::Input input(data, size);
  const unsigned choices = input.Byte();
  sheaf::AppendOptions append;
  if (choices % 2 != 0) append.layout = sheaf::Layout::kFixed64;
  SalvageOptions options;
  const char* const delimiters[] = {":", ",", "", "::"};
  options.delimiter = delimiters[choices / 2 % 4];
  options.adopt = choices / 8 % 2 == 0;
  const Salvager salvager(sheaf::NewAppendOperator(append), append.layout, options);
  if (choices / 16 % 2 == 0) {
    CheckMended(salvager, append.layout, input.Rest(), nullptr);
    return 0;
  }
  List list;
  std::string value;
  if (input.Byte() % 2 == 0) value = ListOf(list = {std::string(input.Text())}, append.layout);
  for (bool first = value.empty(); !input.empty(); first = false) {
    const Edit edit = TakeEdit(&input);
    sheaf::testing::Apply(edit, &list);
    if (!first) value += options.delimiter;
    value += sheaf::testing::Operand(edit);
  }
  CheckMended(salvager, append.layout, value, value.empty() ? nullptr : &list);
  return 0;
}

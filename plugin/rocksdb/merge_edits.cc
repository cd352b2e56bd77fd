#include "plugin/rocksdb/merge_edits.h"

#include <cstddef>
#include <string_view>
#include <vector>

#include "plugin/codec/blob_parser.h"
#include "plugin/codec/editable_list.h"
#include "plugin/codec/operand.h"
#include "plugin/rocksdb/bundle.h"
#include "sheaf/blob_view.h"

namespace sheaf {
namespace internal {
namespace {

EditableList::Limits LimitsOf(const AppendOptions& options) {
  EditableList::Limits limits;
  if (options.max_values != 0) limits.max_values = options.max_values;
  if (options.max_bytes != 0) limits.max_bytes = options.max_bytes;
  limits.keep_first = options.keep == Keep::kFirst;
  return limits;
}

// The inputs of a merge that matter: those since the last clear.
struct History {
  std::string_view base;
  bool has_base = false;
  size_t first_operand = 0;
  // What they say, if all of them decode.
  bool decodes = true;
  BlobView base_list;
  std::vector<Edit> edits;
};

History HistoryOf(const MergeInput& in, Layout layout) {
  History history;
  if (in.existing_value != nullptr) {
    history.has_base = true;
    history.base = in.existing_value->ToStringView();
    history.decodes =
        BlobParser::ParseInto(history.base, layout, BlobParser::Extent::kWhole, &history.base_list)
            .ok();
  }
  for (size_t i = 0; i < in.operand_list.size(); ++i) {
    std::vector<Edit>& edits = history.edits;
    const size_t before = edits.size();
    if (!ParseOperand(in.operand_list[i].ToStringView(), &edits).ok()) history.decodes = false;
    for (size_t clear = edits.size(); clear > before; --clear) {
      if (edits[clear - 1].kind != Edit::Kind::kClear) continue;
      edits.erase(edits.begin(), edits.begin() + static_cast<ptrdiff_t>(clear - 1));
      history.has_base = false;
      history.first_operand = i;
      history.decodes = true;
      break;
    }
  }
  return history;
}

// Raw inputs, with those of bundles among them in place of the bundle, so that any grouping of
// merges bundles the same inputs in the same order.
absl::Status Bundle(const MergeInput& in, const History& history, Layout layout, std::string* out) {
  std::vector<std::string_view> inputs;
  const auto add = [&inputs](std::string_view input, Layout input_layout) {
    const absl::StatusOr<BlobView> bundle = ParseBundle(input);
    if (bundle.ok() && !BlobView::Parse(input, input_layout).ok()) {
      bundle->ForEach([&inputs](std::string_view raw) { inputs.push_back(raw); });
    } else {
      inputs.push_back(input);
    }
  };
  if (history.has_base) add(history.base, layout);
  for (size_t i = history.first_operand; i < in.operand_list.size(); ++i) {
    add(in.operand_list[i].ToStringView(), Layout::kCompact);
  }
  return EncodeBundle(inputs, out);
}

}  // namespace

absl::Status MergeEdits(const MergeInput& in, const AppendOptions& options, ReadContext* context,
                        std::string* out) {
  const History history = HistoryOf(in, options.layout);
  if (!history.decodes) return Bundle(in, history, options.layout, out);
  EditableList list(LimitsOf(options));
  if (history.has_base) list.Append(history.base_list);
  for (const Edit& edit : history.edits) list.Apply(edit);
  if (context != nullptr) context->NoteEdited();
  if (context != nullptr && context->wants_part()) context->Cut(&list);
  return list.Encode(options.layout, out);
}

}  // namespace internal
}  // namespace sheaf

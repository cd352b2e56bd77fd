// Sheaf's own encoding, and those who read it otherwise.

#ifndef SHEAF_TOOLS_BENCH_SHEAF_FORMAT_H_
#define SHEAF_TOOLS_BENCH_SHEAF_FORMAT_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sheaf/append_operator.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "tools/bench/encoding.h"

namespace sheaf {
namespace bench {

template <Layout layout>
struct SheafFormat {
  static constexpr const char* kName = layout == Layout::kCompact ? "compact" : "fixed64";
  static std::string Encode(const Values& values) { return *sheaf::Encode(values, layout); }
  static std::shared_ptr<rocksdb::MergeOperator> MergeOperator() {
    return NewAppendOperator({layout});
  }
  template <typename Visit>
  bool ForEach(std::string_view bytes, Visit&& visit) {
    const auto list = BlobView::Parse(bytes, layout);
    if (!list.ok()) return false;
    list->ForEach(visit);
    return true;
  }
};

using CompactFormat = SheafFormat<Layout::kCompact>;
using Fixed64Format = SheafFormat<Layout::kFixed64>;

// The bytes as they are, for those who measure RocksDB by itself.
struct WholeFormat : CompactFormat {
  template <typename Visit>
  bool ForEach(std::string_view bytes, Visit&& visit) {
    visit(bytes);
    return true;
  }
};

// A string for each value. Sheaf's encoding is the fastest to take apart: what it costs is the
// copies.
struct StringsFormat : CompactFormat {
  template <typename Visit>
  bool ForEach(std::string_view bytes, Visit&& visit) {
    const auto list = BlobView::Parse(bytes);
    if (!list.ok()) return false;
    std::vector<std::string> values;
    values.reserve(list->size());
    list->ForEach([&values](std::string_view value) { values.emplace_back(value); });
    for (const std::string& value : values) visit(value);
    return true;
  }
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_SHEAF_FORMAT_H_

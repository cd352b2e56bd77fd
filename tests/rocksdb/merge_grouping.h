// Grouping: one history of a key and one way to merge it, both of them chosen by a caller's
// numbers: random ones in a test, those of an input in a fuzz target. Bad operands are among them.
//
//   std::mt19937 random(seed);
//   EXPECT_EQ(Grouping([&random] { return random(); }).Difference(), "");
//
// Thread safety: none.

#ifndef SHEAF_TESTS_ROCKSDB_MERGE_GROUPING_H_
#define SHEAF_TESTS_ROCKSDB_MERGE_GROUPING_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rocksdb/merge_operator.h"
#include "sheaf/append_operator.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "tests/rocksdb/list_model.h"

namespace sheaf {
namespace testing {

class Grouping {
 public:
  // `choose` gives a number for each choice; from some time on it may give 0 alone.
  explicit Grouping(std::function<uint32_t()> choose) : choose_(std::move(choose)) {
    if (choose_() % 2 == 0) {
      options_.layout = Layout::kFixed64;
      settings_.layout = reference::Form::kFixed64;
    }
    if (choose_() % 3 == 1) {
      if (choose_() % 2 == 0) options_.max_values = settings_.max_values = 1 + choose_() % 8;
      if (choose_() % 2 == 0) options_.max_bytes = settings_.max_bytes = 1 + choose_() % 20;
      settings_.keep_first = choose_() % 2 == 0;
      if (settings_.keep_first) options_.keep = Keep::kFirst;
    }
    merge_ = NewAppendOperator(options_);
    const bool has_bad = choose_() % 3 == 1;
    if (choose_() % 2 == 0) written_.base = Base(has_bad);
    for (size_t i = 1 + choose_() % 12; i > 0; --i) written_.operands.push_back(Operand(has_bad));
  }

  // Folds runs of operands and merges the first of them into the base until there is one value.
  // Returns "" if that is what tests/rocksdb/list_model.h says, else how it differs.
  std::string Difference() {
    std::vector<std::string> operands = written_.operands;
    std::unique_ptr<std::string> base;
    if (written_.base.has_value()) base = std::make_unique<std::string>(*written_.base);
    for (size_t steps = choose_() % 6; steps > 0 && operands.size() > 1; --steps) {
      if (choose_() % 2 == 0) {
        Fold(&operands);
      } else {
        const auto end =
            operands.begin() + static_cast<ptrdiff_t>(1 + choose_() % (operands.size() - 1));
        base = std::make_unique<std::string>(FullMerge(base.get(), {operands.begin(), end}));
        operands.erase(operands.begin(), end);
      }
    }
    const std::string merged = FullMerge(base.get(), operands);
    if (failed_) return "FullMergeV2 failed" + History();
    const absl::StatusOr<BlobView> list = BlobView::Parse(merged, options_.layout);
    const model::Merged expected = model::Merge(settings_, written_);
    if (!expected.list.has_value()) {
      if (list.ok()) return "a list where a bundle was expected" + History();
      const std::string difference = model::BundleDifference(settings_, merged, expected.kept);
      return difference.empty() ? "" : difference + History();
    }
    if (!list.ok()) return std::string(list.status().message()) + History();
    model::List values;
    for (const std::string_view value : *list) values.emplace_back(value);
    if (values == *expected.list) return "";
    return model::Quoted(values) + ", not " + model::Quoted(*expected.list) + History();
  }

 private:
  std::string Value() {
    const size_t kind = choose_() % 10;
    if (kind == 0) return "";
    if (kind == 1) return std::string(1 + choose_() % 400, 'x');
    return std::string(1, static_cast<char>('a' + choose_() % 4));
  }
  model::List Values(size_t most) {
    model::List values(choose_() % most);
    for (std::string& value : values) value = Value();
    return values;
  }
  model::Edit Edit() {
    switch (choose_() % 11) {
      case 0:
        return model::Clear();
      case 1:
        return model::KeepFirst(choose_() % 6);
      case 2:
      case 3:
        return model::KeepLast(choose_() % 8);
      case 4:
      case 5:
        return choose_() % 3 == 0 ? model::RemovePrefix(Value().substr(0, choose_() % 3))
                                  : model::Remove(Value());
      case 6:
      case 7:
        // What two of them drop may be past 64 bits.
        return model::DropFirst(choose_() % 8 == 0 ? UINT64_MAX - choose_() % 4 : choose_() % 6);
      default:
        return model::Append(Values(5));
    }
  }
  // Mostly bad, but not if the bytes happen to be an operand.
  std::string AnyBytes() {
    const char* const bad[] = {"zz", "\xB0\x05", "\xA9", "\xA2\x80"};
    const size_t kind = choose_() % 5;
    if (kind < 4) return bad[kind];
    std::string bytes(choose_() % 24, '\0');
    for (char& byte : bytes) byte = static_cast<char>(choose_());
    return bytes;
  }
  std::string Operand(bool may_be_bad) {
    if (may_be_bad && choose_() % 8 == 0) return AnyBytes();
    if (choose_() % 5 != 0) return model::Encode(Edit());
    std::vector<std::string> operands(choose_() % 4);
    for (std::string& operand : operands) operand = model::Encode(Edit());
    return model::EncodeBatch(operands);
  }
  std::string Base(bool may_be_bad) {
    if (may_be_bad && choose_() % 4 == 0) {
      return choose_() % 2 == 0 ? "put by other software" : AnyBytes();
    }
    const model::List values = Values(6);
    return Encode(std::vector<std::string_view>(values.begin(), values.end()), options_.layout)
        .value();
  }

  void Fold(std::vector<std::string>* operands) {
    const size_t first = choose_() % (operands->size() - 1);
    const size_t count = 2 + choose_() % (operands->size() - first - 1);
    const auto begin = operands->begin() + static_cast<ptrdiff_t>(first);
    const auto end = begin + static_cast<ptrdiff_t>(count);
    const std::deque<rocksdb::Slice> run(begin, end);
    std::string folded;
    if (!merge_->PartialMergeMulti("key", run, &folded, nullptr)) return;
    *begin = folded;
    operands->erase(begin + 1, end);
  }

  std::string FullMerge(const std::string* base, const std::vector<std::string>& operands) {
    using rocksdb::MergeOperator;
    const rocksdb::Slice key = "key";
    const rocksdb::Slice base_slice = base == nullptr ? rocksdb::Slice() : rocksdb::Slice(*base);
    const std::vector<rocksdb::Slice> slices(operands.begin(), operands.end());
    const MergeOperator::MergeOperationInput in(key, base == nullptr ? nullptr : &base_slice,
                                                slices, nullptr);
    std::string value;
    rocksdb::Slice existing(nullptr, 0);
    MergeOperator::MergeOperationOutput out(value, existing);
    if (!merge_->FullMergeV2(in, &out)) failed_ = true;
    return existing.data() == nullptr ? value : existing.ToString();
  }

  std::string History() const {
    std::string text = "\nbase " + (written_.base ? model::Quoted(*written_.base) : "none");
    for (const std::string& operand : written_.operands) text += "\n  " + model::Quoted(operand);
    return text + "\nmax_values " + std::to_string(settings_.max_values) + " max_bytes " +
           std::to_string(settings_.max_bytes) + " keep_first " +
           std::to_string(settings_.keep_first);
  }

  const std::function<uint32_t()> choose_;
  AppendOptions options_;
  model::Settings settings_;
  std::shared_ptr<rocksdb::MergeOperator> merge_;
  model::Written written_;
  bool failed_ = false;
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_MERGE_GROUPING_H_

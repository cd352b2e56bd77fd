// The merge operator, called directly: any grouping of partial and full merges of any operands, bad
// ones among them, gives what tests/rocksdb/list_model.h says.

#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/merge_operator.h"
#include "sheaf/append_operator.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "tests/rocksdb/list_model.h"

namespace sheaf {
namespace testing {
namespace {

using rocksdb::MergeOperator;
using rocksdb::Slice;

// One random history of a key, and a random way to merge it.
class Grouping {
 public:
  explicit Grouping(unsigned seed) : random_(seed) {
    if (random_() % 2 == 0) {
      options_.layout = Layout::kFixed64;
      settings_.layout = reference::Form::kFixed64;
    }
    if (random_() % 3 == 0) {
      if (random_() % 2 == 0) options_.max_values = settings_.max_values = 1 + random_() % 8;
      if (random_() % 2 == 0) options_.max_bytes = settings_.max_bytes = 1 + random_() % 20;
      settings_.keep_first = random_() % 2 == 0;
      if (settings_.keep_first) options_.keep = Keep::kFirst;
    }
    merge_ = NewAppendOperator(options_);
    const bool has_bad = random_() % 3 == 0;
    if (random_() % 2 == 0) written_.base = Base(has_bad);
    for (size_t i = 1 + random_() % 12; i > 0; --i) written_.operands.push_back(Operand(has_bad));
  }

  // Folds runs of operands and merges the first of them into the base until there is one value.
  void Check() {
    std::vector<std::string> operands = written_.operands;
    std::unique_ptr<std::string> base;
    if (written_.base.has_value()) base = std::make_unique<std::string>(*written_.base);
    for (size_t steps = random_() % 6; steps > 0 && operands.size() > 1; --steps) {
      if (random_() % 2 == 0) {
        Fold(&operands);
      } else {
        const auto end =
            operands.begin() + static_cast<ptrdiff_t>(1 + random_() % (operands.size() - 1));
        base = std::make_unique<std::string>(FullMerge(base.get(), {operands.begin(), end}));
        operands.erase(operands.begin(), end);
      }
    }
    const std::string merged = FullMerge(base.get(), operands);
    const absl::StatusOr<BlobView> list = BlobView::Parse(merged, options_.layout);
    const model::Merged expected = model::Merge(settings_, written_);
    if (!expected.list.has_value()) {
      ASSERT_FALSE(list.ok()) << History();
      EXPECT_EQ(model::BundleDifference(settings_, merged, expected.kept), "") << History();
      return;
    }
    ASSERT_TRUE(list.ok()) << list.status() << History();
    model::List values;
    for (const std::string_view value : *list) values.emplace_back(value);
    EXPECT_EQ(values, *expected.list) << History();
  }

 private:
  std::string Value() {
    const size_t kind = random_() % 10;
    if (kind == 0) return "";
    if (kind == 1) return std::string(1 + random_() % 400, 'x');
    return std::string(1, static_cast<char>('a' + random_() % 4));
  }
  model::List Values(size_t most) {
    model::List values(random_() % most);
    for (std::string& value : values) value = Value();
    return values;
  }
  model::Edit Edit() {
    switch (random_() % 9) {
      case 0:
        return model::Clear();
      case 1:
        return model::KeepFirst(random_() % 6);
      case 2:
      case 3:
        return model::KeepLast(random_() % 8);
      case 4:
      case 5:
        return model::Remove(Value());
      default:
        return model::Append(Values(5));
    }
  }
  std::string Operand(bool may_be_bad) {
    if (may_be_bad && random_() % 8 == 0) {
      const char* const bad[] = {"zz", "\xB0\x05", "\xA9", "\xA2\x80"};
      return bad[random_() % 4];
    }
    if (random_() % 5 != 0) return model::Encode(Edit());
    std::vector<std::string> operands(random_() % 4);
    for (std::string& operand : operands) operand = model::Encode(Edit());
    return model::EncodeBatch(operands);
  }
  std::string Base(bool may_be_bad) {
    if (may_be_bad && random_() % 4 == 0) return "put by other software";
    const model::List values = Values(6);
    return Encode(std::vector<std::string_view>(values.begin(), values.end()), options_.layout)
        .value();
  }

  void Fold(std::vector<std::string>* operands) {
    const size_t first = random_() % (operands->size() - 1);
    const size_t count = 2 + random_() % (operands->size() - first - 1);
    const auto begin = operands->begin() + static_cast<ptrdiff_t>(first);
    const auto end = begin + static_cast<ptrdiff_t>(count);
    const std::deque<Slice> run(begin, end);
    std::string folded;
    if (!merge_->PartialMergeMulti("key", run, &folded, nullptr)) return;
    *begin = folded;
    operands->erase(begin + 1, end);
  }

  std::string FullMerge(const std::string* base, const std::vector<std::string>& operands) {
    const Slice key = "key";
    const Slice base_slice = base == nullptr ? Slice() : Slice(*base);
    const std::vector<Slice> slices(operands.begin(), operands.end());
    const MergeOperator::MergeOperationInput in(key, base == nullptr ? nullptr : &base_slice,
                                                slices, nullptr);
    std::string value;
    Slice existing(nullptr, 0);
    MergeOperator::MergeOperationOutput out(value, existing);
    EXPECT_TRUE(merge_->FullMergeV2(in, &out));
    return existing.data() == nullptr ? value : existing.ToString();
  }

  std::string History() const {
    std::string text = "\nbase " + (written_.base ? model::Quoted(*written_.base) : "none");
    for (const std::string& operand : written_.operands) text += "\n  " + model::Quoted(operand);
    return text + "\nmax_values " + std::to_string(settings_.max_values) + " max_bytes " +
           std::to_string(settings_.max_bytes) + " keep_first " +
           std::to_string(settings_.keep_first);
  }

  std::mt19937 random_;
  AppendOptions options_;
  model::Settings settings_;
  std::shared_ptr<MergeOperator> merge_;
  model::Written written_;
};

TEST(MergeGroupingTest, AnyGroupingOfAnyOperandsGivesWhatTheModelSays) {
  for (unsigned seed = 0; seed < 50000 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Grouping(seed).Check();
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf

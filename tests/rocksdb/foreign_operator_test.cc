// A merge operator that calls itself sheaf.append, but is of another Sheaf in the process, is asked
// for its options by their names and never taken for one of ours.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/merge_operator.h"
#include "rocksdb/utilities/options_type.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Another version's: other members, in another order, and options that are kept as text.
class ForeignOperator final : public rocksdb::MergeOperator {
 public:
  using Options = std::unordered_map<std::string, std::string>;

  ForeignOperator(const AppendOptions& options, const Options& texts)
      : texts_(texts), merge_(NewAppendOperator(options)) {
    for (auto& text : texts_) {
      types_.push_back(std::make_unique<Types>());
      types_.back()->emplace(text.first, rocksdb::OptionTypeInfo(0, rocksdb::OptionType::kString));
      RegisterOptions(text.first, &text.second, types_.back().get());
    }
  }
  const char* Name() const override { return kAppendOperatorName; }
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    return merge_->FullMergeV2(in, out);
  }

 private:
  using Types = std::unordered_map<std::string, rocksdb::OptionTypeInfo>;

  Options texts_;
  std::vector<std::unique_ptr<Types>> types_;  // one for each text
  const std::shared_ptr<rocksdb::MergeOperator> merge_;
};

class ForeignOperatorTest : public ::testing::Test {
 protected:
  rocksdb::Status Open(const AppendOptions& append, const ForeignOperator::Options& texts,
                       Layout layout) {
    store_.reset();
    db_.reset();
    dir_ = std::make_unique<TempDir>();
    rocksdb::Options options = TestDb::DefaultOptions();
    options.merge_operator = std::make_shared<ForeignOperator>(append, texts);
    rocksdb::DB* db = nullptr;
    EXPECT_OK(rocksdb::DB::Open(options, dir_->path(), &db));
    db_.reset(db);
    return Store::Open(db_.get(), nullptr, {layout}, &store_);
  }

  std::unique_ptr<TempDir> dir_;
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<Store> store_;
};

TEST_F(ForeignOperatorTest, IsAskedForItsLayout) {
  const AppendOptions fixed64 = {Layout::kFixed64};
  EXPECT_THAT(Open(fixed64, {{"layout", "fixed64"}}, Layout::kCompact).ToString(),
              HasSubstr("has layout fixed64: lists are kept in the operator's layout; open the "
                        "Store with StoreOptions::layout = sheaf::Layout::kFixed64"));
  ASSERT_OK(Open(fixed64, {{"layout", "fixed64"}}, Layout::kFixed64));
  ASSERT_OK(store_->Append({}, "key", {"a"}));
  ASSERT_OK(store_->Append({}, "key", {"b"}));
  PinnedBlob list;
  ASSERT_OK(store_->Get({}, "key", &list));
  EXPECT_EQ(ToList(list), List({"a", "b"}));
}

TEST_F(ForeignOperatorTest, IsAskedForItsLimits) {
  AppendOptions limited;
  limited.max_values = 2;
  limited.keep = Keep::kFirst;
  ASSERT_OK(Open(limited, {{"layout", "compact"}, {"max_values", "2"}, {"keep", "first"}},
                 Layout::kCompact));
  for (const char* value : {"a", "b", "c"}) ASSERT_OK(store_->Append({}, "key", {value}));
  std::vector<PinnedSlice> values;
  ASSERT_OK(store_->GetLast({}, "key", 1, &values));
  ASSERT_EQ(values.size(), 1u);
  EXPECT_EQ(values[0], "b");
  std::vector<PinnedBlob> segments;
  ASSERT_OK(store_->GetSegments({}, "key", &segments));
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(ToList(segments[0]), List({"a", "b"}));
}

TEST_F(ForeignOperatorTest, WithAnOptionThatIsNotKnownIsRefused) {
  const rocksdb::Status s = Open({}, {{"layout", "compact"}, {"pages", "7"}}, Layout::kCompact);
  EXPECT_TRUE(s.IsNotSupported()) << s.ToString();
  EXPECT_THAT(s.ToString(), AllOf(HasSubstr("sheaf.append"), HasSubstr("pages")));
}

TEST_F(ForeignOperatorTest, WithALayoutThatIsNotKnownIsRefused) {
  const rocksdb::Status s = Open({}, {{"layout", "zigzag"}}, Layout::kCompact);
  EXPECT_TRUE(s.IsNotSupported()) << s.ToString();
  EXPECT_THAT(s.ToString(), HasSubstr("zigzag"));
}

TEST_F(ForeignOperatorTest, WithoutALayoutIsRefused) {
  EXPECT_TRUE(Open({}, {}, Layout::kCompact).IsNotSupported());
}

}  // namespace
}  // namespace testing
}  // namespace sheaf

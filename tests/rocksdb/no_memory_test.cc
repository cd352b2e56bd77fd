// Whatever allocation fails, nothing is thrown at RocksDB, what is returned is right or a failure,
// and a read says that there was not enough memory.

#include <sys/mman.h>

#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plugin/codec/operand.h"
#include "plugin/rocksdb/read_context.h"
#include "plugin/rocksdb/store_core.h"
#include "rocksdb/table_properties.h"
#include "sheaf/plugin.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"
#include "tests/support/counting_new.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Calls `f` with the n-th allocation failing, alone and with all after it, for each n there is; and
// after each time `check`, with none failing.
void WithEachAllocationFailing(
    const std::function<void()>& f, const std::function<void()>& check = [] {}) {
  if (!test::CountsAllocations()) GTEST_SKIP();
  for (const uint64_t count : {uint64_t{1}, ~uint64_t{0}}) {
    for (uint64_t n = 0;; ++n) {
      ASSERT_LT(n, 10000u);
      uint64_t failed = 0;
      {
        const test::FailingNew failing(n, count);
        f();
        failed = failing.failed();
      }
      check();
      if (failed == 0) break;
    }
  }
}

std::string Blob(const List& values) { return *Encode(Views(values), Layout::kCompact); }

// Operands of each kind that the operator has a way of its own for.
std::vector<std::vector<std::string>> Histories() {
  const std::string one = Blob({std::string(100, 'a')});
  const std::string two = Blob({std::string(40, 'b'), "c"});
  std::string batch;
  const std::string keep = internal::EncodeKeepLast(2);
  EXPECT_TRUE(internal::EncodeBatch({two, keep}, &batch).ok());
  std::vector<std::string> removes(8, internal::EncodeRemove("c"));
  removes.insert(removes.begin(), two);
  removes.push_back(one);
  return {
      {one},
      {one, one, one},
      {two, one},
      {two, internal::EncodeKeepFirst(2), one, keep, one},
      {two, internal::EncodeDropFirst(1), one, internal::EncodeDropFirst(2), one},
      removes,
      {one, internal::EncodeClear(), two},
      {batch, one, batch},
      {one, "not an operand, and long enough not to be within the string", two},
  };
}

std::vector<AppendOptions> SomeOptions() {
  AppendOptions limited;
  limited.max_values = 3;
  limited.max_bytes = 120;
  AppendOptions fixed64;
  fixed64.layout = Layout::kFixed64;
  return {AppendOptions(), fixed64, limited};
}

struct FullMerge {
  FullMerge(const rocksdb::MergeOperator& merge, const std::vector<rocksdb::Slice>& operands,
            const rocksdb::Slice* base) {
    const rocksdb::Slice key = "a key that is not within the string";
    const rocksdb::MergeOperator::MergeOperationInput in(key, base, operands, nullptr);
    rocksdb::MergeOperator::MergeOperationOutput out(written, existing);
    ok = merge.FullMergeV2(in, &out);
  }
  std::string value() const { return existing.data() != nullptr ? existing.ToString() : written; }

  bool ok = false;
  std::string written;
  rocksdb::Slice existing{nullptr, 0};
};

TEST(NoMemoryTest, AFullMergeIsRightOrFalse) {
  for (const AppendOptions& options : SomeOptions()) {
    const auto merge = NewAppendOperator(options);
    const std::string blob = *Encode({"x", "y"}, options.layout);
    const rocksdb::Slice base = blob;
    for (const std::vector<std::string>& history : Histories()) {
      const std::vector<rocksdb::Slice> operands(history.begin(), history.end());
      for (const rocksdb::Slice* const from :
           {static_cast<const rocksdb::Slice*>(nullptr), &base}) {
        const FullMerge expected(*merge, operands, from);
        ASSERT_TRUE(expected.ok);
        std::optional<FullMerge> merged;
        const auto check = [&] {
          EXPECT_EQ(merged->value(), merged->ok ? expected.value() : "");
          merged.reset();
        };
        WithEachAllocationFailing([&] { merged.emplace(*merge, operands, from); }, check);
        // The same for a read of ours.
        auto kind = internal::MergeFailure::Kind::kNone;
        internal::ReadContext::MergedKeys keys;
        WithEachAllocationFailing(
            [&] {
              internal::ReadContext read;
              read.TellKeysApart(&keys);
              merged.emplace(*merge, operands, from);
              kind = read.failure().kind;
            },
            [&] {
              EXPECT_EQ(kind, merged->ok ? internal::MergeFailure::Kind::kNone
                                         : internal::MergeFailure::Kind::kNoMemory);
              check();
              keys = {};
            });
      }
    }
  }
}

TEST(NoMemoryTest, APartialMergeIsRightOrFalse) {
  for (const AppendOptions& options : SomeOptions()) {
    const auto merge = NewAppendOperator(options);
    for (const std::vector<std::string>& history : Histories()) {
      const std::deque<rocksdb::Slice> operands(history.begin(), history.end());
      std::string expected;
      const bool folds = merge->PartialMergeMulti("key", operands, &expected, nullptr);
      std::string folded;
      bool ok = false;
      WithEachAllocationFailing(
          [&] { ok = merge->PartialMergeMulti("key", operands, &folded, nullptr); },
          [&] {
            EXPECT_TRUE(folds || !ok);
            EXPECT_EQ(folded, ok ? expected : "");
            folded = std::string();
          });
    }
  }
}

TEST(NoMemoryTest, AReadOfTheEndGoesOnWhereAnOperandCannotBeLookedAt) {
  const auto merge = NewAppendOperator();
  for (const std::vector<std::string>& history : Histories()) {
    const std::vector<rocksdb::Slice> backward(history.rbegin(), history.rend());
    WithEachAllocationFailing([&] {
      internal::ReadContext read;
      read.AllowStop();
      read.WantLast(1, /*may_stop=*/true);
      merge->ShouldMerge(backward);
    });
  }
}

TEST(NoMemoryTest, AnSstHasAllPropertiesOrNone) {
  const auto factory = NewStatsCollectorFactory();
  const std::vector<std::vector<std::string>> histories = Histories();
  bool finished = false;
  rocksdb::UserCollectedProperties properties;
  const auto collect = [&] {
    const std::unique_ptr<rocksdb::TablePropertiesCollector> collector(
        factory->CreateTablePropertiesCollector({}));
    for (const auto& history : histories) {
      for (const std::string& operand : history) {
        collector->AddUserKey("a key that is not within the string", operand, rocksdb::kEntryMerge,
                              0, 0);
      }
    }
    collector->GetReadableProperties();
    finished = collector->Finish(&properties).ok();
  };
  collect();
  ASSERT_TRUE(finished);
  const rocksdb::UserCollectedProperties expected = properties;
  ASSERT_EQ(expected.count(kBlobsProperty), 1u);
  properties.clear();
  WithEachAllocationFailing(collect, [&] {
    EXPECT_EQ(properties, finished ? expected : rocksdb::UserCollectedProperties());
    properties.clear();
  });
}

// Each has a place of its own: RocksDB builds SSTs in several threads, and deletes what it got.
TEST(NoMemoryTest, CollectorsOfSstsBuiltAtOnceAreIndependent) {
  if (!test::CountsAllocations()) GTEST_SKIP();
  using Collector = std::unique_ptr<rocksdb::TablePropertiesCollector>;
  const auto factory = NewStatsCollectorFactory();
  std::vector<Collector> collectors(8);
  for (Collector& collector : collectors) {
    const test::FailingNew failing(0, 1);
    collector.reset(factory->CreateTablePropertiesCollector({}));
    ASSERT_EQ(failing.failed(), 1u);
  }
  rocksdb::UserCollectedProperties properties;
  while (!collectors.empty()) {
    collectors.pop_back();
    for (const Collector& collector : collectors) {
      EXPECT_STREQ(collector->Name(), kStatsCollectorName);
      EXPECT_FALSE(collector->Finish(&properties).ok());
    }
  }
}

// Operands of a GiB each, of which only the headers are looked at.
TEST(MergeFailureTest, AListThatIsTooLargeIsToldOfItsOwnKeyAndReadAlone) {
  constexpr size_t kSize = size_t{1} << 30;
  void* const memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  const uint32_t value_size = kSize - 6;
  const char header[] = {static_cast<char>(0xB2), 1};
  std::memcpy(memory, header, sizeof(header));
  std::memcpy(static_cast<char*>(memory) + 2, &value_size, sizeof(value_size));
  const std::vector<rocksdb::Slice> large(5,
                                          rocksdb::Slice(static_cast<const char*>(memory), kSize));
  const std::string one = Blob({"a"});
  const auto merge = NewAppendOperator();
  const auto run = [&](const rocksdb::Slice& key, const std::vector<rocksdb::Slice>& operands) {
    std::string value;
    rocksdb::Slice existing(nullptr, 0);
    const rocksdb::MergeOperator::MergeOperationInput in(key, nullptr, operands, nullptr);
    rocksdb::MergeOperator::MergeOperationOutput out(value, existing);
    return merge->FullMergeV2(in, &out);
  };
  EXPECT_FALSE(run("compacted", large));  // in no read of ours
  {
    internal::ReadContext::MergedKeys keys;
    internal::ReadContext read;
    read.TellKeysApart(&keys);
    EXPECT_TRUE(run("before", {one, one}));
    EXPECT_FALSE(run("large", large));
    EXPECT_TRUE(run("after", {one, one}));
    for (const char* key : {"before", "after", "compacted", "never read"}) {
      EXPECT_EQ(read.Of(key).failure.kind, internal::MergeFailure::Kind::kNone) << key;
    }
    const internal::MergeFailure failure = read.Of("large").failure;
    EXPECT_EQ(failure.kind, internal::MergeFailure::Kind::kTooLarge);
    const rocksdb::Status rocksdb_says = rocksdb::Status::Corruption("could not perform merge");
    const rocksdb::Status s =
        internal::ExplainFailure(internal::ValueOf("large"), failure, rocksdb_says);
    EXPECT_TRUE(s.IsCorruption());
    EXPECT_THAT(s.ToString(), AllOf(HasSubstr("\"large\" is too large"), HasSubstr("5368709120")));
    EXPECT_EQ(
        internal::ExplainFailure(internal::ValueOf("after"), read.Of("after").failure, rocksdb_says)
            .ToString(),
        rocksdb_says.ToString());
  }
  const internal::ReadContext next;
  EXPECT_EQ(next.failure().kind, internal::MergeFailure::Kind::kNone);
  munmap(memory, kSize);
}

// Operands whose list is larger than what can be allocated.
class LargeListTest : public ::testing::Test {
 protected:
  LargeListTest() {
    db_.Put("fine", {"a"});
    for (int i = 0; i < 4; ++i) db_.Append("large", {std::string(300000, 'a')});
    db_.Append("zfine", {"b"});
  }
  static constexpr size_t kTooMuch = 1000000;

  void ExpectNoMemory(const rocksdb::Status& s) {
    EXPECT_TRUE(s.IsMemoryLimit()) << s.ToString();
    EXPECT_THAT(s.ToString(), AllOf(HasSubstr("memory"), HasSubstr("\"large\"")));
  }

  TestDb db_;
};

TEST_F(LargeListTest, ReadsSayThatThereIsNotEnoughMemory) {
  if (!test::CountsAllocations()) GTEST_SKIP();
  PinnedBlob list;
  PinnedBlob lists[3];
  rocksdb::Status statuses[3];
  rocksdb::Status get;
  rocksdb::Status scan;
  rocksdb::Status last;
  std::vector<PinnedSlice> values;
  {
    const test::FailingNew failing(test::FailingNew::LargeOnes{kTooMuch});
    get = db_.store().Get({}, "large", &list);
    last = db_.store().GetLast({}, "large", 1, &values);
    const rocksdb::Slice keys[] = {"fine", "large", "zfine"};
    db_.store().MultiGet({}, 3, keys, lists, statuses);
    const auto cursor = db_.store().Scan({}, KeyRange::All());
    while (cursor->Valid()) cursor->Next();
    scan = cursor->status();
  }
  ExpectNoMemory(get);
  ExpectNoMemory(statuses[1]);
  ExpectNoMemory(scan);
  EXPECT_OK(last);
  EXPECT_EQ(values.size(), 1u);
  EXPECT_OK(statuses[0]);
  EXPECT_OK(statuses[2]);
  EXPECT_EQ(ToList(lists[2]), List({"b"}));
  // Nothing of it stays on the thread.
  EXPECT_EQ(db_.Get("large").size(), 4u);
}

}  // namespace
}  // namespace testing
}  // namespace sheaf

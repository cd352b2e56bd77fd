#include "tests/rocksdb/crash_lists.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "sheaf/long_store.h"
#include "sheaf/store.h"

namespace sheaf {
namespace testing {
namespace {

const rocksdb::ReadOptions kRead;

CrashLists ReadStore(rocksdb::DB* db, unsigned variant) {
  CrashLists lists;
  std::unique_ptr<Store> store;
  StoreOptions options;
  options.layout = CrashLayout(variant);
  EXPECT_OK(Store::Open(db, nullptr, options, &store));
  if (store == nullptr) return lists;
  const auto cursor = store->Scan(kRead, KeyRange::All());
  for (; cursor->Valid(); cursor->Next()) {
    lists[cursor->key().ToString()].values = ToList(cursor->values());
  }
  EXPECT_OK(cursor->status());
  return lists;
}

// One that was scanned, by its key.
void ReadAgain(LongStore* store, const std::string& key, const CrashList& list) {
  uint64_t first = 0;
  uint64_t end = 0;
  EXPECT_OK(store->Bounds(kRead, key, &first, &end));
  EXPECT_EQ(first, list.first);
  EXPECT_EQ(end, list.end());
  Segments whole;
  EXPECT_OK(store->Get(kRead, key, &whole));
  EXPECT_EQ(whole.size(), list.values.size());
  constexpr size_t kCount = 5;
  for (size_t at = 0; at < list.values.size(); at += 1 + list.values.size() / 7) {
    std::vector<PinnedSlice> values;
    EXPECT_OK(store->GetRange(kRead, key, list.first + at, kCount, &values, &first));
    EXPECT_EQ(first, list.first + at);
    ASSERT_EQ(values.size(), std::min(kCount, list.values.size() - at));
    for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i].view(), list.values[at + i]);
  }
}

CrashLists ReadLongStore(rocksdb::DB* db, unsigned variant, bool read_only) {
  CrashLists lists;
  LongStoreOptions options = CrashLongStoreOptions(variant);
  options.read_only = read_only;
  std::unique_ptr<LongStore> store;
  EXPECT_OK(LongStore::Open(db, nullptr, options, &store));
  if (store == nullptr) return lists;
  const auto cursor = store->Scan(kRead, KeyRange::All());
  for (; cursor->Valid(); cursor->Next()) {
    const std::string key = cursor->key().ToString();
    SCOPED_TRACE(key);
    CrashList& list = lists[key];
    list.first = cursor->first();
    const auto page = cursor->Pages();
    for (; page->Valid(); page->Next()) {
      EXPECT_EQ(page->position(), list.end());
      for (const std::string_view value : page->values()) list.values.emplace_back(value);
    }
    EXPECT_OK(page->status());
    EXPECT_EQ(cursor->end(), list.end());
    ReadAgain(store.get(), key, list);
  }
  EXPECT_OK(cursor->status());
  return lists;
}

}  // namespace

void Do(const CrashOp& op, const std::string& key, CrashLists* lists) {
  if (op.kind == CrashOp::Kind::kDelete) {
    lists->erase(key);
    return;
  }
  // LongStore does not begin a list to trim it.
  if (op.kind == CrashOp::Kind::kTrimBefore && lists->count(key) == 0) return;
  CrashList& list = (*lists)[key];
  List& values = list.values;
  const auto count = static_cast<ptrdiff_t>(std::min<uint64_t>(op.count, values.size()));
  switch (op.kind) {
    case CrashOp::Kind::kAppend:
      values.push_back(op.value);
      break;
    case CrashOp::Kind::kKeepFirst:
      values.erase(values.begin() + count, values.end());
      break;
    case CrashOp::Kind::kKeepLast:
      values.erase(values.begin(), values.end() - count);
      break;
    case CrashOp::Kind::kRemove:
      values.erase(std::remove(values.begin(), values.end(), op.value), values.end());
      break;
    case CrashOp::Kind::kClear:
      values.clear();
      break;
    case CrashOp::Kind::kTrimBefore: {
      const uint64_t position = std::min(std::max(op.count, list.first), list.end());
      values.erase(values.begin(), values.begin() + static_cast<ptrdiff_t>(position - list.first));
      list.first = position;
      break;
    }
    case CrashOp::Kind::kDelete:
      break;
  }
}

CrashLists ReadCrashLists(rocksdb::DB* db, unsigned variant, bool read_only) {
  return CrashHasLongLists(variant) ? ReadLongStore(db, variant, read_only)
                                    : ReadStore(db, variant);
}

}  // namespace testing
}  // namespace sheaf

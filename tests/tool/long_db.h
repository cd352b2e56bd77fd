// LongDb: a DB of long lists for tests of the tool, and what its raw keys hold, read without any of
// Sheaf's code for long lists.

#ifndef SHEAF_TESTS_TOOL_LONG_DB_H_
#define SHEAF_TESTS_TOOL_LONG_DB_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "sheaf/append_operator.h"
#include "sheaf/blob_view.h"
#include "sheaf/long_store.h"
#include "sheaf/open_db.h"
#include "sheaf/plugin.h"
#include "tests/support/ok.h"

namespace sheaf {
namespace testing {

using List = std::vector<std::string>;

// The stored key as docs/format.md says: 00 -> 00 FF, end 00 01, then 8 bytes, big-endian.
inline std::string StoredKeyOf(std::string_view key, uint64_t position) {
  std::string stored;
  for (const char c : key) {
    stored.push_back(c);
    if (c == '\0') stored.push_back('\xFF');
  }
  stored += std::string("\0\1", 2);
  for (int shift = 56; shift >= 0; shift -= 8) {
    stored.push_back(static_cast<char>(position >> shift));
  }
  return stored;
}

constexpr uint64_t kOpenPage = UINT64_MAX;

// The pages of a list, by position.
using Pages = std::map<uint64_t, List>;

class LongDb {
 public:
  explicit LongDb(std::string path, uint64_t page_bytes = 100, Layout layout = Layout::kCompact)
      : path_(std::move(path)), page_bytes_(page_bytes), layout_(layout) {}

  const std::string& path() const { return path_; }

  rocksdb::Options Options() const {
    RegisterPlugin();
    rocksdb::Options options;
    options.create_if_missing = true;
    AppendOptions append;
    append.layout = layout_;
    append.page_bytes = page_bytes_;
    options.merge_operator = NewAppendOperator(append);
    options.table_properties_collector_factories.push_back(NewStatsCollectorFactory(layout_));
    return options;
  }

  void WithDb(const std::function<void(rocksdb::DB&)>& use) const {
    std::unique_ptr<rocksdb::DB> db;
    ASSERT_OK(OpenDB(Options(), path_, &db));
    use(*db);
    ASSERT_OK(db->Close());
  }
  void With(const std::function<void(LongStore&)>& use) const {
    WithDb([&](rocksdb::DB& db) {
      LongStoreOptions options;
      options.layout = layout_;
      options.seal_in_background = false;
      std::unique_ptr<LongStore> store;
      ASSERT_OK(LongStore::Open(&db, nullptr, options, &store));
      use(*store);
    });
  }
  // Puts bytes under a stored key.
  void Put(std::string_view key, uint64_t position, std::string_view bytes) const {
    WithDb([&](rocksdb::DB& db) {
      ASSERT_OK(db.Put({}, StoredKeyOf(key, position), rocksdb::Slice(bytes.data(), bytes.size())));
    });
  }

  // What the DB has of `key`.
  Pages PagesOf(std::string_view key) const {
    Pages pages;
    WithDb([&](rocksdb::DB& db) {
      const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator({}));
      const std::string prefix = StoredKeyOf(key, 0).substr(0, StoredKeyOf(key, 0).size() - 8);
      for (at->Seek(prefix); at->Valid() && at->key().starts_with(prefix); at->Next()) {
        ASSERT_EQ(at->key().size(), prefix.size() + 8);
        uint64_t position = 0;
        for (size_t i = prefix.size(); i < at->key().size(); ++i) {
          position = position << 8 | static_cast<uint8_t>(at->key()[i]);
        }
        const auto view = BlobView::Parse(at->value().ToStringView(), layout_);
        ASSERT_TRUE(view.ok()) << view.status();
        List& page = pages[position];
        for (const std::string_view value : *view) page.emplace_back(value);
      }
      ASSERT_OK(at->status());
    });
    return pages;
  }
  // All lists, by the user's keys.
  std::map<std::string, List> Lists() const {
    std::map<std::string, List> lists;
    WithDb([&](rocksdb::DB& db) {
      const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator({}));
      for (at->SeekToFirst(); at->Valid(); at->Next()) {
        const std::string_view stored = at->key().ToStringView();
        ASSERT_GT(stored.size(), 10u);
        std::string key;
        for (size_t i = 0; i + 10 < stored.size(); ++i) {
          key.push_back(stored[i]);
          if (stored[i] == '\0') ++i;
        }
        ASSERT_EQ(stored.substr(0, stored.size() - 8),
                  StoredKeyOf(key, 0).substr(0, stored.size() - 8));
        const auto view = BlobView::Parse(at->value().ToStringView(), layout_);
        ASSERT_TRUE(view.ok()) << view.status();
        for (const std::string_view value : *view) lists[key].emplace_back(value);
      }
      ASSERT_OK(at->status());
    });
    return lists;
  }
  // All values in order.
  List ListOf(std::string_view key) const {
    List list;
    for (const auto& [position, page] : PagesOf(key)) {
      list.insert(list.end(), page.begin(), page.end());
    }
    return list;
  }

 private:
  const std::string path_;
  const uint64_t page_bytes_;
  const Layout layout_;
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_TOOL_LONG_DB_H_

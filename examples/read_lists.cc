// Reads every list of a Sheaf DB twice over: pinned, and by copying each value into a std::string
// of its own, as applications without Sheaf do. Prints how long either took.
//
//   read_lists DB

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rocksdb/cache.h"
#include "rocksdb/utilities/options_util.h"
#include "sheaf/plugin.h"
#include "sheaf/store.h"

namespace {

struct Pass {
  size_t values = 0;
  size_t bytes = 0;
  double milliseconds = 0;
};

// The fastest of a few passes: the others were disturbed.
Pass Fastest(const std::function<bool(Pass*)>& read_all) {
  Pass fastest;
  for (int i = 0; i < 7; ++i) {
    Pass pass;
    const auto begin = std::chrono::steady_clock::now();
    if (!read_all(&pass)) return Pass();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    pass.milliseconds = took.count();
    if (i == 0 || pass.milliseconds < fastest.milliseconds) fastest = pass;
  }
  return fastest;
}

int Fail(const rocksdb::Status& status) {
  std::fprintf(stderr, "read_lists: %s\n", status.ToString().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: read_lists DB\n");
    return 2;
  }
  sheaf::RegisterPlugin();  // the DB's OPTIONS file names sheaf.append and sheaf.stats
  rocksdb::DBOptions db_options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  // Large enough that both ways read from the cache, not from the disk.
  std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(size_t{1} << 30);
  rocksdb::ConfigOptions config;
  config.ignore_unsupported_options = false;  // or a name that is not registered is left out
  rocksdb::Status s = rocksdb::LoadLatestOptions(config, argv[1], &db_options, &families, &cache);
  if (!s.ok()) return Fail(s);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  s = rocksdb::DB::OpenForReadOnly(db_options, argv[1], families, &handles, &opened);
  if (!s.ok()) return Fail(s);
  std::unique_ptr<rocksdb::DB> db(opened);
  sheaf::StoreOptions store_options;
  store_options.read_only = true;
  std::unique_ptr<sheaf::Store> store;
  s = sheaf::Store::Open(db.get(), nullptr, store_options, &store);
  if (!s.ok()) {
    store_options.layout = sheaf::Layout::kFixed64;
    s = sheaf::Store::Open(db.get(), nullptr, store_options, &store);
  }
  if (!s.ok()) return Fail(s);

  std::vector<std::string> keys;
  auto cursor = store->Scan({}, sheaf::KeyRange::All());
  for (; cursor->Valid(); cursor->Next()) keys.push_back(cursor->key().ToString());
  if (!cursor->status().ok()) return Fail(cursor->status());
  cursor.reset();

  const Pass pinned = Fastest([&](Pass* pass) {
    for (const std::string& key : keys) {
      sheaf::PinnedBlob list;
      s = store->Get({}, key, &list);
      if (!s.ok()) return false;
      for (std::string_view value : list) {
        ++pass->values;
        pass->bytes += value.size();
      }
    }
    return true;
  });
  if (!s.ok()) return Fail(s);

  const Pass copied = Fastest([&](Pass* pass) {
    for (const std::string& key : keys) {
      std::string encoded;
      s = db->Get({}, key, &encoded);
      if (!s.ok()) return false;
      const auto view = sheaf::BlobView::Parse(encoded, store_options.layout);
      if (!view.ok()) return false;
      std::vector<std::string> list;
      list.reserve(view->size());
      for (std::string_view value : *view) list.emplace_back(value);
      for (const std::string& value : list) {
        ++pass->values;
        pass->bytes += value.size();
      }
    }
    return true;
  });
  if (!s.ok()) return Fail(s);
  if (pinned.values != copied.values || pinned.bytes != copied.bytes) {
    std::fprintf(stderr, "read_lists: the two ways read different lists\n");
    return 1;
  }

  std::printf("%zu lists, %zu values, %zu bytes\n", keys.size(), pinned.values, pinned.bytes);
  std::printf("%-28s %10s %14s\n", "", "ms a pass", "ns a value");
  const auto row = [](const char* name, const Pass& pass) {
    std::printf("%-28s %10.2f %14.1f\n", name, pass.milliseconds,
                pass.values == 0 ? 0.0 : pass.milliseconds * 1e6 / double(pass.values));
  };
  row("Sheaf: pinned views", pinned);
  row("copying: a string a value", copied);
  std::printf("Sheaf took 1/%.1f of the time; %s\n", copied.milliseconds / pinned.milliseconds,
              store->stats().ToString().c_str());

  store.reset();
  for (auto* handle : handles) s = db->DestroyColumnFamilyHandle(handle);
  return 0;
}

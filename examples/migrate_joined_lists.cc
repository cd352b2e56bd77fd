// Turns joined strings, as RocksDB's StringAppendOperator keeps them, into lists: reads one column
// family, writes another, compares the two and prints what was done. The old one is not changed.
//
//   migrate_joined_lists DB OLD_FAMILY NEW_FAMILY DELIMITER
//
// Nobody else may have the DB open. NEW_FAMILY must not exist; a run that fails drops it again. A
// run that was killed leaves it behind: `ldb --db=DB drop_column_family NEW_FAMILY`.

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/utilities/options_util.h"
#include "rocksdb/write_batch.h"
#include "sheaf/plugin.h"
#include "sheaf/store.h"

namespace {

constexpr size_t kBatchBytes = 1 << 20;

struct Counts {
  size_t keys = 0;
  size_t values = 0;
  size_t empty = 0;
};

// "a,b" is two values and "a," too. "" could be a list of one empty value as well as an empty list;
// here it is the empty list.
std::vector<std::string_view> Split(std::string_view joined, std::string_view delimiter) {
  std::vector<std::string_view> values;
  if (joined.empty()) return values;
  for (size_t end; (end = joined.find(delimiter)) != std::string_view::npos;) {
    values.push_back(joined.substr(0, end));
    joined.remove_prefix(end + delimiter.size());
  }
  values.push_back(joined);
  return values;
}

std::string Join(const sheaf::BlobView& values, std::string_view delimiter) {
  std::string joined;
  bool first = true;
  for (const std::string_view value : values) {
    if (!first) joined += delimiter;
    joined += value;
    first = false;
  }
  return joined;
}

std::unique_ptr<rocksdb::Iterator> ReadOnce(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* family) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;  // each block is read once
  options.readahead_size = 2 << 20;
  std::unique_ptr<rocksdb::Iterator> row(db->NewIterator(options, family));
  row->SeekToFirst();
  return row;
}

rocksdb::Status WriteLists(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* old_family,
                           std::string_view delimiter, sheaf::Store* store, Counts* counts) {
  const auto row = ReadOnce(db, old_family);
  rocksdb::WriteBatch batch;
  for (; row->Valid(); row->Next()) {
    const auto values = Split({row->value().data(), row->value().size()}, delimiter);
    rocksdb::Status s = store->Put(&batch, row->key(), values);
    if (s.ok() && batch.GetDataSize() >= kBatchBytes) {
      s = db->Write(rocksdb::WriteOptions(), &batch);
      batch.Clear();
    }
    if (!s.ok()) return s;
    ++counts->keys;
    counts->values += values.size();
    counts->empty += values.empty() ? 1 : 0;
  }
  if (!row->status().ok()) return row->status();
  return db->Write(rocksdb::WriteOptions(), &batch);
}

// Every list, joined again, must be the old bytes.
rocksdb::Status Compare(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* old_family,
                        std::string_view delimiter, sheaf::Store* store, const Counts& counts) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  const auto list = store->Scan(options, sheaf::KeyRange::All());
  const auto row = ReadOnce(db, old_family);
  size_t keys = 0;
  for (; row->Valid() && list->Valid(); row->Next(), list->Next(), ++keys) {
    if (list->key() != row->key() || Join(list->values(), delimiter) != row->value()) {
      return rocksdb::Status::Corruption("not the same as before", row->key());
    }
  }
  if (!row->status().ok()) return row->status();
  if (!list->status().ok()) return list->status();
  if (row->Valid() || list->Valid() || keys != counts.keys) {
    return rocksdb::Status::Corruption("not as many keys as before");
  }
  return rocksdb::Status::OK();
}

rocksdb::Status Migrate(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* old_family,
                        rocksdb::ColumnFamilyHandle* new_family, std::string_view delimiter,
                        Counts* counts) {
  std::unique_ptr<sheaf::Store> store;
  rocksdb::Status s = sheaf::Store::Open(db, new_family, {}, &store);
  if (s.ok()) s = WriteLists(db, old_family, delimiter, store.get(), counts);
  if (s.ok()) s = Compare(db, old_family, delimiter, store.get(), *counts);
  return s;
}

rocksdb::Status Run(const std::string& path, const std::string& old_name,
                    const std::string& new_name, std::string_view delimiter, Counts* counts) {
  sheaf::RegisterPlugin();  // for a DB that has lists already
  // Refuse what this program does not know, such as a merge operator of the application's own.
  rocksdb::ConfigOptions config;
  config.ignore_unsupported_options = false;
  rocksdb::DBOptions db_options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  rocksdb::Status s = rocksdb::LoadLatestOptions(config, path, &db_options, &families);
  if (!s.ok()) return s;
  size_t old_index = families.size();
  for (size_t i = 0; i < families.size(); ++i) {
    if (families[i].name == old_name) old_index = i;
    if (families[i].name == new_name) {
      return rocksdb::Status::InvalidArgument("there is a column family already", new_name);
    }
  }
  if (old_index == families.size()) {
    return rocksdb::Status::NotFound("no column family", old_name);
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  std::unique_ptr<rocksdb::DB> db;
  s = sheaf::OpenDB(db_options, path, families, &handles, &db);
  if (!s.ok()) return s;

  // Block size, compression and so on as before.
  rocksdb::ColumnFamilyOptions options = families[old_index].options;
  options.merge_operator = sheaf::NewAppendOperator();
  options.table_properties_collector_factories.push_back(sheaf::NewStatsCollectorFactory());
  rocksdb::ColumnFamilyHandle* new_family = nullptr;
  s = db->CreateColumnFamily(options, new_name, &new_family);
  if (s.ok()) {
    s = Migrate(db.get(), handles[old_index], new_family, delimiter, counts);
    if (!s.ok()) db->DropColumnFamily(new_family);
    handles.push_back(new_family);
  }
  for (rocksdb::ColumnFamilyHandle* const handle : handles) db->DestroyColumnFamilyHandle(handle);
  return s;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 || argv[4][0] == '\0') {
    std::fprintf(stderr, "usage: migrate_joined_lists DB OLD_FAMILY NEW_FAMILY DELIMITER\n");
    return 2;
  }
  Counts counts;
  const rocksdb::Status s = Run(argv[1], argv[2], argv[3], argv[4], &counts);
  if (!s.ok()) {
    std::fprintf(stderr, "migrate_joined_lists: %s\n", s.ToString().c_str());
    return 1;
  }
  std::printf("%zu keys, %zu values, %zu empty lists; all compared\n", counts.keys, counts.values,
              counts.empty);
  return 0;
}

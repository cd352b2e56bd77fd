// What append_bench compares: ways to append to lists in RocksDB. Each is a struct with
//
//   static constexpr const char* kName;
//   static void Configure(rocksdb::Options*);                       // before its DB is opened
//   explicit System(rocksdb::DB*);
//   rocksdb::Status Append(const rocksdb::Slice& key, std::string_view value);
//   rocksdb::Status Get(const rocksdb::Slice& key, uint64_t* bytes);   // whole; bytes it has
//   static uint64_t Values(uint64_t bytes, uint64_t size);  // how many values of `size` those are
//   // Values of `size` bytes, taken apart: what shows that Get has what was appended.
//   rocksdb::Status Read(const rocksdb::Slice& key, size_t size, std::vector<std::string>* values);

#ifndef SHEAF_TOOLS_BENCH_APPEND_SYSTEMS_H_
#define SHEAF_TOOLS_BENCH_APPEND_SYSTEMS_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rocksdb/convenience.h"
#include "rocksdb/db.h"
#include "rocksdb/merge_operator.h"
#include "rocksdb/options.h"
#include "sheaf/store.h"

namespace sheaf {
namespace bench {

struct SheafAppends {
  static constexpr const char* kName = "Sheaf";
  static void Configure(rocksdb::Options* options) {
    options->merge_operator = NewAppendOperator();
  }
  explicit SheafAppends(rocksdb::DB* db) {
    const rocksdb::Status s = Store::Open(db, nullptr, {}, &store);
    if (s.ok()) return;
    std::fprintf(stderr, "error: %s\n", s.ToString().c_str());
    std::abort();
  }

  rocksdb::Status Append(const rocksdb::Slice& key, std::string_view value) {
    return store->Append(write, key, {&value, 1});
  }
  rocksdb::Status Get(const rocksdb::Slice& key, uint64_t* bytes) {
    PinnedBlob list;
    rocksdb::Status s = store->Get(read, key, &list);
    *bytes = list.view().contents().size();
    return s;
  }
  static uint64_t Values(uint64_t bytes, uint64_t size) { return bytes / size; }
  rocksdb::Status Read(const rocksdb::Slice& key, size_t, std::vector<std::string>* values) {
    PinnedBlob list;
    rocksdb::Status s = store->Get(read, key, &list);
    list.view().ForEach([values](std::string_view value) { values->emplace_back(value); });
    return s;
  }

  std::unique_ptr<Store> store;
  const rocksdb::WriteOptions write;
  const rocksdb::ReadOptions read;
};

// RocksDB's own, by name. A Get returns the values with a comma between them, not taken apart.
struct JoinedAppends {
  explicit JoinedAppends(rocksdb::DB* a_db) : db(a_db), family(a_db->DefaultColumnFamily()) {}

  rocksdb::Status Append(const rocksdb::Slice& key, std::string_view value) {
    return db->Merge(write, family, key, rocksdb::Slice(value.data(), value.size()));
  }
  rocksdb::Status Get(const rocksdb::Slice& key, uint64_t* bytes) {
    rocksdb::PinnableSlice value;
    rocksdb::Status s = db->Get(read, family, key, &value);
    *bytes = value.size();
    return s;
  }
  static uint64_t Values(uint64_t bytes, uint64_t size) { return (bytes + 1) / (size + 1); }
  // By size: values may hold the delimiter.
  rocksdb::Status Read(const rocksdb::Slice& key, size_t size, std::vector<std::string>* values) {
    std::string joined;
    rocksdb::Status s = db->Get(read, family, key, &joined);
    for (size_t at = 0; at < joined.size(); at += size + 1) {
      if (at != 0 && joined[at - 1] != ',') return rocksdb::Status::Corruption("no delimiter");
      values->push_back(joined.substr(at, size));
    }
    return s;
  }

  rocksdb::DB* const db;
  rocksdb::ColumnFamilyHandle* const family;
  const rocksdb::WriteOptions write;
  const rocksdb::ReadOptions read;
};

inline void UseMergeOperator(const char* name, rocksdb::Options* options) {
  const rocksdb::ConfigOptions config;
  (void)rocksdb::MergeOperator::CreateFromString(config, name, &options->merge_operator);
}

struct StringAppend : JoinedAppends {
  static constexpr const char* kName = "StringAppend";
  static void Configure(rocksdb::Options* options) { UseMergeOperator("stringappend", options); }
  using JoinedAppends::JoinedAppends;
};

struct StringAppendTest : JoinedAppends {
  static constexpr const char* kName = "StringAppendTest";
  static void Configure(rocksdb::Options* options) {
    UseMergeOperator("stringappendtest", options);
  }
  using JoinedAppends::JoinedAppends;
};

// No merge operator: the list is read, one value longer, and put. In Sheaf's encoding.
struct ReadModifyWrite : SheafAppends {
  static constexpr const char* kName = "ReadModifyWrite";
  using SheafAppends::SheafAppends;

  rocksdb::Status Append(const rocksdb::Slice& key, std::string_view value) {
    PinnedBlob list;
    rocksdb::Status s = store->Get(read, key, &list);
    if (!s.ok() && !s.IsNotFound()) return s;
    std::vector<std::string_view> values = list.view().Views();
    values.push_back(value);
    return store->Put(write, key, values);
  }
};

// A key for each value, by who knows how many there are.
struct OneKeyAppends {
  static constexpr const char* kName = "OneKey";
  static void Configure(rocksdb::Options*) {}
  explicit OneKeyAppends(rocksdb::DB* a_db) : db(a_db) {}

  rocksdb::Status Append(const rocksdb::Slice& key, std::string_view value) {
    const uint32_t position = __builtin_bswap32(counts[key.ToString()]++);
    one.assign(key.data(), key.size());
    one.append(reinterpret_cast<const char*>(&position), sizeof position);
    return db->Put(write, one, rocksdb::Slice(value.data(), value.size()));
  }
  rocksdb::Status Get(const rocksdb::Slice& key, uint64_t* bytes) {
    *bytes = 0;
    return ForEach(key, [bytes](const rocksdb::Slice& value) { *bytes += value.size(); });
  }
  static uint64_t Values(uint64_t bytes, uint64_t size) { return bytes / size; }
  rocksdb::Status Read(const rocksdb::Slice& key, size_t, std::vector<std::string>* values) {
    return ForEach(key,
                   [values](const rocksdb::Slice& value) { values->push_back(value.ToString()); });
  }

  template <typename Visit>
  rocksdb::Status ForEach(const rocksdb::Slice& key, Visit visit) {
    end.assign(key.data(), key.size());
    end.append(4, '\xff');
    const rocksdb::Slice bound(end);
    rocksdb::ReadOptions read;
    read.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator(read));
    for (at->Seek(key); at->Valid(); at->Next()) visit(at->value());
    return at->status();
  }

  rocksdb::DB* const db;
  const rocksdb::WriteOptions write;
  std::string one;
  std::string end;
  std::unordered_map<std::string, uint32_t> counts;
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_APPEND_SYSTEMS_H_

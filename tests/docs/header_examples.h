// What the examples in the comments of include/sheaf/ take for granted. Their source is what
// header_examples.awk prints; it is compiled, and not run.

#ifndef SHEAF_TESTS_DOCS_HEADER_EXAMPLES_H_
#define SHEAF_TESTS_DOCS_HEADER_EXAMPLES_H_

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sheaf/append_operator.h"
#include "sheaf/big_endian.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "sheaf/long_store.h"
#include "sheaf/open_db.h"
#include "sheaf/pinnable.h"
#include "sheaf/pinned_blob.h"
#include "sheaf/pinned_slice.h"
#include "sheaf/plugin.h"
#include "sheaf/segments.h"
#include "sheaf/store.h"
#include "sheaf/typed_list.h"
#include "sheaf/version.h"

// What a function returns that an example is a part of.
struct Any {
  Any() = default;
  template <typename T>
  Any(T&&) {}
};

struct Event {
  std::string Serialized() const;
};

// An application's own, which stay where they are.
extern const std::string bytes;
extern const std::string path;
extern const rocksdb::Slice db_value;
extern const rocksdb::Slice key;
extern const std::vector<Event> events;
extern const sheaf::PinnedBlob blob;
extern const Any error;
extern rocksdb::Options options;
extern rocksdb::ReadOptions read_options;
extern rocksdb::DB* db;
extern rocksdb::ColumnFamilyHandle* cf;
extern rocksdb::Transaction* transaction;
extern std::unique_ptr<sheaf::Store> store;
extern std::unique_ptr<sheaf::LongStore> long_store;
extern std::unique_ptr<sheaf::Cursor> cursor;

template <typename... Bytes>
void Use(const Bytes&...) {}
void Report(const rocksdb::Status& why);
sheaf::PinnedBlob Load(const rocksdb::Slice& key);

#endif  // SHEAF_TESTS_DOCS_HEADER_EXAMPLES_H_

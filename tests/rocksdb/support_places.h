// Places: where RocksDB can have a list, each with the options that put it there. The rows of the
// first table in section 16 of docs/guide.md, by name.
//
// Ownership: each call of OptionsOf makes new caches. Thread safety: free functions.
//
//   for (const Place& place : Places()) Open(OptionsOf(place), ...);

#ifndef SHEAF_TESTS_ROCKSDB_SUPPORT_PLACES_H_
#define SHEAF_TESTS_ROCKSDB_SUPPORT_PLACES_H_

#include <functional>
#include <string>
#include <vector>

#include "rocksdb/options.h"
#include "rocksdb/table.h"

namespace sheaf {
namespace testing {

struct Place {
  std::string name;  // the row
  std::function<void(rocksdb::Options*, rocksdb::BlockBasedTableOptions*)> configure;
};

const std::vector<Place>& Places();

// Options of a DB with `sheaf.append` whose lists lie there.
rocksdb::Options OptionsOf(const Place& place);

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_SUPPORT_PLACES_H_

// CrashList: a list that crash_writer writes, what its operations make of it, and what a DB has.

#ifndef SHEAF_TESTS_ROCKSDB_CRASH_LISTS_H_
#define SHEAF_TESTS_ROCKSDB_CRASH_LISTS_H_

#include <cstdint>
#include <map>
#include <string>

#include "rocksdb/db.h"
#include "tests/rocksdb/crash_workload.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {

struct CrashList {
  uint64_t first = 0;  // position of the first value; 0 unless the list is long
  List values;

  uint64_t end() const { return first + values.size(); }
  bool operator==(const CrashList& other) const {
    return first == other.first && values == other.values;
  }
};

// By key.
using CrashLists = std::map<std::string, CrashList>;

// What `op` makes of its list `key`.
void Do(const CrashOp& op, const std::string& key, CrashLists* lists);

// All lists of a DB of crash_writer, by all ways of reading. Fails the test if these do not agree.
CrashLists ReadCrashLists(rocksdb::DB* db, unsigned variant, bool read_only);

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_CRASH_LISTS_H_

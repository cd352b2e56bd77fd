// Every way to read lists, compared with what they must be.
//
// Each function reads all `keys` and reports a failure of the test where an answer is neither the
// list of `lists` nor, where `lists` has none, NotFound. Reads that may not do I/O may say
// Incomplete as well, and a Scan that may not says NotSupported.
//
// Thread safety: free functions; `store` and the rest as RocksDB has it.

#ifndef SHEAF_TESTS_ROCKSDB_SUPPORT_READS_H_
#define SHEAF_TESTS_ROCKSDB_SUPPORT_READS_H_

#include <map>
#include <string>
#include <vector>

#include "rocksdb/options.h"
#include "rocksdb/utilities/transaction.h"
#include "rocksdb/utilities/write_batch_with_index.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {

using Lists = std::map<std::string, List>;

// What does not hold for all places and instances.
struct ReadsDone {
  bool scan = true;
  bool scan_backward = true;
};

// Get, GetLast, GetSegments, MultiGet (twice the keys, in any order) and Scan: twice, as caches
// change answers, then without I/O.
void CheckReads(Store& store, const std::vector<std::string>& keys, const Lists& lists,
                const rocksdb::ReadOptions& options, unsigned seed, const ReadsDone& done = {});

// Get, MultiGet and the iterator of a transaction or a batch with an index over `db`, through
// FromPinnable.
void CheckThrough(rocksdb::Transaction* transaction, rocksdb::DB* db, Store& store,
                  const std::vector<std::string>& keys, const Lists& lists, const ReadsDone& done);
void CheckThrough(rocksdb::WriteBatchWithIndex* batch, rocksdb::DB* db, Store& store,
                  const std::vector<std::string>& keys, const Lists& lists, const ReadsDone& done);

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_SUPPORT_READS_H_

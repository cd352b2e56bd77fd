// SupportHistory: a random history of writes to an Instance, and every read compared with a model
// that knows nothing of RocksDB (list_model.h).
//
// Ownership: the Instance is the caller's. Thread safety: none.
//
//   SupportHistory history(instance, {Operation::kAppend, Operation::kFlush}, /*seed=*/1);
//   history.Run(/*steps=*/100);    // reports failures of the test

#ifndef SHEAF_TESTS_ROCKSDB_SUPPORT_HISTORY_H_
#define SHEAF_TESTS_ROCKSDB_SUPPORT_HISTORY_H_

#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/rocksdb/list_model.h"
#include "tests/rocksdb/support_instance.h"
#include "tests/rocksdb/support_reads.h"

namespace sheaf {
namespace testing {

enum class Operation {
  kPut,
  kAppend,
  kEdit,
  kDelete,
  kSingleDelete,
  kDeleteRange,
  kEntity,
  kBatch,
  kSavePoint,
  kTransaction,
  kEditInTransaction,
  kPrepare,
  kSnapshot,
  kIngest,
  kFlush,
  kCompact,
  kReopen,
};

struct NamedOperation {
  Operation operation;
  std::string name;  // the row
};
const std::vector<NamedOperation>& Operations();

class SupportHistory {
 public:
  SupportHistory(Instance& instance, std::set<Operation> operations, unsigned seed,
                 const ReadsDone& done = {});
  ~SupportHistory() { DropSnapshots(); }

  void Run(int steps);

  // Does `operation` once, and returns what it answered.
  rocksdb::Status Try(Operation operation);

 private:
  void Step();
  void DropSnapshots();
  void Check();
  rocksdb::Status Ingest();
  void Scope();
  template <typename Target>
  void ScopeOf(Target* target, Lists* lists);
  template <typename Target>
  rocksdb::Status Change(const Target& target, Operation operation, Lists* lists);
  template <typename Target>
  void AnyChange(const Target& target, Lists* lists);
  bool Does(Operation operation) const { return operations_.count(operation) != 0; }
  Operation AnyOf(std::vector<Operation> operations);
  std::string Key();
  List Values();
  std::string Value();

  Instance& instance_;
  const std::set<Operation> operations_;
  const ReadsDone done_;
  std::mt19937 random_;
  int files_ = 0;
  std::vector<std::string> keys_;
  Lists lists_;
  std::vector<std::pair<const rocksdb::Snapshot*, Lists>> snapshots_;
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_SUPPORT_HISTORY_H_

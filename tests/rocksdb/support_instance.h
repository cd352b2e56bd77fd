// Instance: a DB of some kind, and the Store whose reads are tried. The columns of the tables in
// section 16 of docs/guide.md, by name.
//
// The kinds that only read (read-only, secondary, checkpoint, backup) have a plain DB beside them
// that is written to.
//
// Ownership: owns the DBs and Stores, in a folder of its own. Thread safety: none.
//
//   Instance instance(Kind::kSecondary, options);
//   ASSERT_OK(instance.Open());
//   instance.writer().Append(...);
//   ASSERT_OK(instance.Refresh());
//   instance.reader().Get(...);

#ifndef SHEAF_TESTS_ROCKSDB_SUPPORT_INSTANCE_H_
#define SHEAF_TESTS_ROCKSDB_SUPPORT_INSTANCE_H_

#include <memory>
#include <string>
#include <vector>

#include "rocksdb/options.h"
#include "rocksdb/utilities/transaction.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {

enum class Kind {
  kDb,
  kReadOnly,
  kSecondary,
  kCheckpoint,
  kBackup,
  kCommitted,
  kPrepared,
  kUnprepared,
  kOptimistic,
  kTtl,
  kBatchWithIndex,
};

struct NamedKind {
  Kind kind;
  std::string name;  // the column
};
const std::vector<NamedKind>& Kinds();

class Instance {
 public:
  Instance(Kind kind, rocksdb::Options options);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Also after Close(), for the same lists. What Store::Open answers is returned.
  rocksdb::Status Open();
  void Close();

  Kind kind() const { return kind_; }
  bool only_reads() const;
  bool has_transactions() const;
  // Of what is written to. Without transactions null.
  std::unique_ptr<rocksdb::Transaction> Begin();

  rocksdb::DB* db() { return db_.get(); }
  Store& writer() { return *writer_; }
  // Lets the reader see all that was written.
  rocksdb::Status Refresh();
  rocksdb::DB* read_db() { return only_reads() ? read_db_.get() : db_.get(); }
  Store& reader() { return only_reads() ? *reader_ : *writer_; }

  const std::string& folder() const { return dir_.path(); }

 private:
  rocksdb::Status OpenDb();
  rocksdb::Status OpenReader();
  void CloseReader();

  const Kind kind_;
  const rocksdb::Options options_;
  TempDir dir_;
  int copies_ = 0;
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<rocksdb::DB> read_db_;
  std::unique_ptr<Store> writer_;
  std::unique_ptr<Store> reader_;
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_SUPPORT_INSTANCE_H_

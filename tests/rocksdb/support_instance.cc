#include "tests/rocksdb/support_instance.h"

#include <filesystem>
#include <utility>

#include "rocksdb/utilities/backup_engine.h"
#include "rocksdb/utilities/checkpoint.h"
#include "rocksdb/utilities/db_ttl.h"
#include "rocksdb/utilities/optimistic_transaction_db.h"
#include "rocksdb/utilities/transaction_db.h"

namespace sheaf {
namespace testing {

const std::vector<NamedKind>& Kinds() {
  static const auto* const kinds = new std::vector<NamedKind>{
      {Kind::kDb, "DB"},
      {Kind::kReadOnly, "read-only"},
      {Kind::kSecondary, "secondary"},
      {Kind::kCheckpoint, "checkpoint"},
      {Kind::kBackup, "backup"},
      {Kind::kCommitted, "write-committed"},
      {Kind::kPrepared, "write-prepared"},
      {Kind::kUnprepared, "write-unprepared"},
      {Kind::kOptimistic, "optimistic"},
      {Kind::kTtl, "TTL"},
      {Kind::kBatchWithIndex, "batch with index"},
  };
  return *kinds;
}

Instance::Instance(Kind kind, rocksdb::Options options)
    : kind_(kind), options_([&] {
        // A secondary keeps all files open.
        if (kind == Kind::kSecondary) options.max_open_files = -1;
        return options;
      }()) {}

Instance::~Instance() { Close(); }

bool Instance::only_reads() const {
  return kind_ == Kind::kReadOnly || kind_ == Kind::kSecondary || kind_ == Kind::kCheckpoint ||
         kind_ == Kind::kBackup;
}

bool Instance::has_transactions() const {
  return kind_ == Kind::kCommitted || kind_ == Kind::kPrepared || kind_ == Kind::kUnprepared ||
         kind_ == Kind::kOptimistic;
}

std::unique_ptr<rocksdb::Transaction> Instance::Begin() {
  rocksdb::Transaction* transaction = nullptr;
  if (kind_ == Kind::kOptimistic) {
    transaction = static_cast<rocksdb::OptimisticTransactionDB*>(db_.get())->BeginTransaction({});
  } else if (has_transactions()) {
    transaction = static_cast<rocksdb::TransactionDB*>(db_.get())->BeginTransaction({});
  }
  return std::unique_ptr<rocksdb::Transaction>(transaction);
}

rocksdb::Status Instance::OpenDb() {
  const std::string path = dir_.path() + "/db";
  rocksdb::Status s;
  switch (kind_) {
    case Kind::kCommitted:
    case Kind::kPrepared:
    case Kind::kUnprepared: {
      rocksdb::TransactionDBOptions options;
      options.write_policy = kind_ == Kind::kCommitted  ? rocksdb::WRITE_COMMITTED
                             : kind_ == Kind::kPrepared ? rocksdb::WRITE_PREPARED
                                                        : rocksdb::WRITE_UNPREPARED;
      // Some transactions of the histories are written before they are committed.
      if (kind_ == Kind::kUnprepared) options.default_write_batch_flush_threshold = 20;
      rocksdb::TransactionDB* db = nullptr;
      s = rocksdb::TransactionDB::Open(options_, options, path, &db);
      db_.reset(db);
      return s;
    }
    case Kind::kOptimistic: {
      rocksdb::OptimisticTransactionDB* db = nullptr;
      s = rocksdb::OptimisticTransactionDB::Open(options_, path, &db);
      db_.reset(db);
      return s;
    }
    case Kind::kTtl: {
      rocksdb::DBWithTTL* db = nullptr;
      s = rocksdb::DBWithTTL::Open(options_, path, &db, /*ttl=*/1 << 20);
      db_.reset(db);
      return s;
    }
    default: {
      rocksdb::DB* db = nullptr;
      s = rocksdb::DB::Open(options_, path, &db);
      db_.reset(db);
      return s;
    }
  }
}

rocksdb::Status Instance::Open() {
  rocksdb::Status s = OpenDb();
  if (s.ok()) s = Store::Open(db_.get(), nullptr, {}, &writer_);
  if (s.ok() && kind_ == Kind::kSecondary) s = OpenReader();
  return s;
}

void Instance::CloseReader() {
  if (reader_ != nullptr) EXPECT_OK(reader_->Close());
  reader_.reset();
  read_db_.reset();
}

void Instance::Close() {
  CloseReader();
  if (writer_ != nullptr) EXPECT_OK(writer_->Close());
  writer_.reset();
  db_.reset();
}

rocksdb::Status Instance::OpenReader() {
  CloseReader();
  const std::string path = dir_.path() + "/db";
  const std::string copy = dir_.path() + "/copy" + std::to_string(++copies_);
  rocksdb::DB* db = nullptr;
  rocksdb::Status s;
  if (kind_ == Kind::kReadOnly) {
    s = rocksdb::DB::OpenForReadOnly(options_, path, &db);
  } else if (kind_ == Kind::kSecondary) {
    s = rocksdb::DB::OpenAsSecondary(options_, path, copy, &db);
  } else {
    if (kind_ == Kind::kCheckpoint) {
      rocksdb::Checkpoint* made = nullptr;
      s = rocksdb::Checkpoint::Create(db_.get(), &made);
      const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
      // Half of the copies have what is in memtables in their log, half in a file.
      if (s.ok()) s = checkpoint->CreateCheckpoint(copy, copies_ % 2 == 0 ? 0 : 1 << 20);
    } else {
      rocksdb::BackupEngine* made = nullptr;
      rocksdb::BackupEngineOptions options(dir_.path() + "/backup");
      s = rocksdb::BackupEngine::Open(rocksdb::Env::Default(), options, &made);
      const std::unique_ptr<rocksdb::BackupEngine> engine(made);
      if (s.ok()) s = engine->CreateNewBackup(db_.get(), copies_ % 2 == 0);
      if (s.ok()) s = engine->RestoreDBFromLatestBackup(copy, copy);
      if (s.ok()) s = engine->PurgeOldBackups(1);
    }
    if (s.ok()) s = rocksdb::DB::Open(options_, copy, &db);
  }
  read_db_.reset(db);
  if (s.ok()) s = Store::Open(db, nullptr, {}, &reader_);
  return s;
}

rocksdb::Status Instance::Refresh() {
  if (!only_reads()) return rocksdb::Status::OK();
  // A file that a compaction deletes while another instance opens it is an error of that moment.
  const bool shares_files = kind_ == Kind::kReadOnly || kind_ == Kind::kSecondary;
  if (shares_files) EXPECT_OK(db_->PauseBackgroundWork());
  rocksdb::Status s;
  const std::string old = dir_.path() + "/copy" + std::to_string(copies_);
  if (kind_ == Kind::kSecondary) {
    s = read_db_->TryCatchUpWithPrimary();
  } else {
    s = OpenReader();
    std::filesystem::remove_all(old);
  }
  if (shares_files) EXPECT_OK(db_->ContinueBackgroundWork());
  return s;
}

}  // namespace testing
}  // namespace sheaf

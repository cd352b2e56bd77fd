#include "tests/rocksdb/support_history.h"

#include <memory>

#include "rocksdb/sst_file_writer.h"
#include "rocksdb/utilities/transaction_db.h"
#include "rocksdb/utilities/write_batch_with_index.h"
#include "sheaf/blob_builder.h"

namespace sheaf {
namespace testing {
namespace {

const rocksdb::WriteOptions kWrite;

// A deletion of RocksDB's, which a Store does not have, by whatever a Store writes by.
class Deleter {
 public:
  explicit Deleter(rocksdb::DB* db) : db_(db), family_(db->DefaultColumnFamily()) {}

  rocksdb::Status Delete(const rocksdb::WriteOptions& options, const std::string& key) {
    return db_->Delete(options, family_, key);
  }
  rocksdb::Status SingleDelete(const rocksdb::WriteOptions& options, const std::string& key) {
    return db_->SingleDelete(options, family_, key);
  }
  rocksdb::Status DeleteRange(const rocksdb::WriteOptions& options, const std::string& begin,
                              const std::string& end) {
    return db_->DeleteRange(options, family_, begin, end);
  }
  rocksdb::Status PutEntity(const rocksdb::WriteOptions& options, const std::string& key,
                            const rocksdb::WideColumns& columns) {
    return db_->PutEntity(options, family_, key, columns);
  }
  template <typename Target>
  rocksdb::Status Delete(Target* target, const std::string& key) {
    return target->Delete(family_, key);
  }
  template <typename Target>
  rocksdb::Status SingleDelete(Target* target, const std::string& key) {
    return target->SingleDelete(family_, key);
  }
  rocksdb::Status DeleteRange(rocksdb::WriteBatchBase* batch, const std::string& begin,
                              const std::string& end) {
    return batch->DeleteRange(family_, begin, end);
  }
  rocksdb::Status DeleteRange(rocksdb::Transaction*, const std::string&, const std::string&) {
    return rocksdb::Status::NotSupported("a Transaction has no DeleteRange");
  }
  rocksdb::Status PutEntity(rocksdb::WriteBatchBase* batch, const std::string& key,
                            const rocksdb::WideColumns& columns) {
    return batch->PutEntity(family_, key, columns);
  }
  rocksdb::Status PutEntity(rocksdb::Transaction*, const std::string&,
                            const rocksdb::WideColumns&) {
    return rocksdb::Status::NotSupported("a Transaction has no PutEntity");
  }

 private:
  rocksdb::DB* const db_;
  rocksdb::ColumnFamilyHandle* const family_;
};

}  // namespace

const std::vector<NamedOperation>& Operations() {
  static const auto* const operations = new std::vector<NamedOperation>{
      {Operation::kPut, "`Put`"},
      {Operation::kAppend, "`Append`"},
      {Operation::kEdit, "`Trim`, `Remove`, `Clear`"},
      {Operation::kDelete, "`Delete`"},
      {Operation::kSingleDelete, "`SingleDelete` of a list that was `Put` once"},
      {Operation::kDeleteRange, "`DeleteRange`"},
      {Operation::kEntity, "`PutEntity` of a list as the default column"},
      {Operation::kBatch, "a `WriteBatch`"},
      {Operation::kSavePoint, "savepoints"},
      {Operation::kTransaction, "a transaction, or a batch that is read through"},
      {Operation::kEditInTransaction, "`Append`, `Trim`, `Remove`, `Clear` in it"},
      {Operation::kPrepare, "prepare"},
      {Operation::kSnapshot, "reads from a snapshot"},
      {Operation::kIngest, "ingestion over what is there"},
      {Operation::kFlush, "flush"},
      {Operation::kCompact, "compaction"},
      {Operation::kReopen, "open again"},
  };
  return *operations;
}

SupportHistory::SupportHistory(Instance& instance, std::set<Operation> operations, unsigned seed,
                               const ReadsDone& done)
    : instance_(instance), operations_(std::move(operations)), done_(done), random_(seed) {
  // Keys that start with "s" are put once and deleted by SingleDelete alone, as RocksDB asks.
  // Nothing is merged into keys that start with "e": RocksDB 7.8.3 cannot merge into an entity.
  keys_ = {"a0", "a1", "b0", "b1", "c0", "s0", "s1", "e0", "e1"};
}

Operation SupportHistory::AnyOf(std::vector<Operation> operations) {
  std::vector<Operation> done;
  for (const Operation operation : operations) {
    if (Does(operation)) done.push_back(operation);
  }
  return done.empty() ? Operation::kPut : done[random_() % done.size()];
}

std::string SupportHistory::Key() { return keys_[random_() % 5]; }

std::string SupportHistory::Value() {
  if (random_() % 12 == 0) return std::string(random_() % 400, 'x');
  return std::string(random_() % 8 == 0 ? 0 : 1, static_cast<char>('a' + random_() % 5));
}

List SupportHistory::Values() {
  List values(random_() % 5);
  for (std::string& value : values) value = Value();
  return values;
}

template <typename Target>
rocksdb::Status SupportHistory::Change(const Target& target, Operation operation, Lists* lists) {
  Store& store = instance_.writer();
  Deleter deleter(instance_.db());
  const std::string key = Key();
  const auto edit = [&](model::Edit made) {
    List& list = (*lists)[key];
    list = model::Apply({}, {std::move(made)}, list);
  };
  switch (operation) {
    case Operation::kDelete: {
      const rocksdb::Status s = deleter.Delete(target, key);
      if (s.ok()) lists->erase(key);
      return s;
    }
    case Operation::kSingleDelete: {
      const std::string single = keys_[5 + random_() % 2];
      rocksdb::Status s;
      if (lists->count(single) == 0) {
        const List values = Values();
        s = store.Put(target, single, Views(values));
        if (s.ok()) (*lists)[single] = values;
      } else {
        s = deleter.SingleDelete(target, single);
        if (s.ok()) lists->erase(single);
      }
      return s;
    }
    case Operation::kDeleteRange: {
      const std::string begin = Key();
      const std::string other = Key();
      const std::string end = begin < other ? other : "d";
      const rocksdb::Status s = deleter.DeleteRange(target, begin, end);
      if (s.ok()) lists->erase(lists->lower_bound(begin), lists->lower_bound(end));
      return s;
    }
    case Operation::kEntity: {
      const std::string entity = keys_[7 + random_() % 2];
      const List values = Values();
      const std::string blob = *Encode(Views(values), store.layout());
      const rocksdb::WideColumns columns = {{rocksdb::kDefaultWideColumnName, blob},
                                            {"other", "column"}};
      rocksdb::Status s = deleter.PutEntity(target, entity, columns);
      if (s.ok() && random_() % 4 == 0) s = store.Put(target, entity, Views(values));
      if (s.ok()) (*lists)[entity] = values;
      return s;
    }
    case Operation::kEdit:
      switch (random_() % 4) {
        case 0:
          edit(model::Clear());
          return store.Clear(target, key);
        case 1: {
          const std::string value = Value();
          edit(model::Remove(value));
          return store.Remove(target, key, value);
        }
        case 2: {
          const uint64_t count = random_() % 8;
          edit(model::KeepFirst(count));
          return store.Trim(target, key, count, Keep::kFirst);
        }
        default: {
          const uint64_t count = random_() % 8;
          edit(model::KeepLast(count));
          return store.Trim(target, key, count);
        }
      }
    case Operation::kAppend: {
      const List values = Values();
      const rocksdb::Status s = store.Append(target, key, Views(values));
      if (s.ok()) edit(model::Append(values));
      return s;
    }
    default: {
      const List values = Values();
      const rocksdb::Status s = store.Put(target, key, Views(values));
      if (s.ok()) (*lists)[key] = values;
      return s;
    }
  }
}

template <typename Target>
void SupportHistory::AnyChange(const Target& target, Lists* lists) {
  Operation operation =
      AnyOf({Operation::kPut, Operation::kAppend, Operation::kAppend, Operation::kAppend,
             Operation::kEdit, Operation::kEdit, Operation::kDelete, Operation::kSingleDelete,
             Operation::kDeleteRange, Operation::kEntity});
  // Neither is in a transaction or a batch with an index.
  constexpr bool kIndexed = std::is_same_v<Target, rocksdb::Transaction*> ||
                            std::is_same_v<Target, rocksdb::WriteBatchWithIndex*>;
  if (kIndexed && (operation == Operation::kDeleteRange || operation == Operation::kEntity)) {
    operation = Operation::kAppend;
  }
  if (kIndexed && !Does(Operation::kEditInTransaction) &&
      (operation == Operation::kAppend || operation == Operation::kEdit)) {
    operation = Operation::kPut;
  }
  EXPECT_OK(Change(target, operation, lists));
}

// Some changes, save points among them, and reads through the target.
template <typename Target>
void SupportHistory::ScopeOf(Target* target, Lists* lists) {
  const bool saves = Does(Operation::kSavePoint) && random_() % 2 == 0;
  const auto changes = [&] {
    for (size_t i = 1 + random_() % 4; i > 0; --i) AnyChange(target, lists);
  };
  const auto check = [&] {
    if constexpr (!std::is_same_v<Target, rocksdb::WriteBatch>) {
      CheckThrough(target, instance_.db(), instance_.writer(), keys_, *lists, done_);
    }
  };
  changes();
  if (random_() % 2 == 0) check();
  if (!saves) return;
  target->SetSavePoint();
  const Lists before = *lists;
  changes();
  if (random_() % 2 == 0) check();
  if (random_() % 2 == 0) {
    EXPECT_OK(target->RollbackToSavePoint());
    *lists = before;
  } else {
    EXPECT_OK(target->PopSavePoint());
  }
  check();
}

void SupportHistory::Scope() {
  Lists after = lists_;
  const bool transaction_too = Does(Operation::kTransaction);
  if (transaction_too && instance_.has_transactions() && random_() % 4 != 0) {
    const std::unique_ptr<rocksdb::Transaction> transaction = instance_.Begin();
    // A transaction that may be written before it is committed has a name before.
    if (instance_.kind() != Kind::kOptimistic)
      EXPECT_OK(transaction->SetName("t" + std::to_string(random_())));
    if (random_() % 2 == 0) transaction->SetSnapshot();
    ScopeOf(transaction.get(), &after);
    if (Does(Operation::kPrepare) && random_() % 2 == 0) {
      EXPECT_OK(transaction->Prepare());
      Check();  // the Store sees nothing of it
    }
    if (random_() % 3 == 0) {
      EXPECT_OK(transaction->Rollback());
      return Check();
    }
    EXPECT_OK(transaction->Commit());
  } else if (transaction_too && instance_.kind() == Kind::kBatchWithIndex) {
    rocksdb::WriteBatchWithIndex batch(rocksdb::BytewiseComparator(), 0, /*overwrite_key=*/true);
    ScopeOf(&batch, &after);
    if (random_() % 3 == 0) return Check();
    EXPECT_OK(instance_.db()->Write(kWrite, batch.GetWriteBatch()));
  } else if (Does(Operation::kBatch)) {
    rocksdb::WriteBatch batch;
    ScopeOf(&batch, &after);
    if (random_() % 4 == 0) return;
    EXPECT_OK(instance_.db()->Write(kWrite, &batch));
  } else {
    return AnyChange(kWrite, &lists_);
  }
  lists_ = std::move(after);
}

rocksdb::Status SupportHistory::Ingest() {
  const rocksdb::Options options = instance_.db()->GetOptions();
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options);
  const std::string path = instance_.folder() + "/file" + std::to_string(++files_) + ".sst";
  rocksdb::Status s = writer.Open(path);
  Lists after = lists_;
  const size_t first = random_() % 5;
  for (size_t i = first; s.ok() && i < 5; i += 1 + random_() % 2) {
    const List values = Values();
    const std::string blob = *Encode(Views(values), instance_.writer().layout());
    if (random_() % 2 == 0) {
      s = writer.Put(keys_[i], blob);
      after[keys_[i]] = values;
    } else {
      s = writer.Merge(keys_[i], *Encode(Views(values)));
      after[keys_[i]] = model::Apply({}, {model::Append(values)}, after[keys_[i]]);
    }
  }
  if (s.ok()) s = writer.Finish();
  rocksdb::IngestExternalFileOptions ingest;
  ingest.move_files = true;
  if (s.ok()) s = instance_.db()->IngestExternalFile({path}, ingest);
  if (s.ok()) lists_ = std::move(after);
  return s;
}

rocksdb::Status SupportHistory::Try(Operation operation) {
  switch (operation) {
    case Operation::kFlush:
      return instance_.db()->Flush({});
    case Operation::kCompact: {
      rocksdb::CompactRangeOptions options;
      if (random_() % 2 == 0) {
        options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
      }
      return instance_.db()->CompactRange(options, nullptr, nullptr);
    }
    case Operation::kIngest:
      return Ingest();
    case Operation::kSnapshot: {
      const rocksdb::Snapshot* const snapshot = instance_.db()->GetSnapshot();
      if (snapshot == nullptr) return rocksdb::Status::NotSupported("GetSnapshot");
      snapshots_.emplace_back(snapshot, lists_);
      return rocksdb::Status::OK();
    }
    case Operation::kReopen:
      DropSnapshots();
      instance_.Close();
      return instance_.Open();
    case Operation::kBatch:
    case Operation::kSavePoint:
    case Operation::kTransaction:
    case Operation::kPrepare:
      Scope();
      return rocksdb::Status::OK();
    case Operation::kEditInTransaction: {
      const std::unique_ptr<rocksdb::Transaction> transaction = instance_.Begin();
      if (transaction == nullptr) {
        Scope();
        return rocksdb::Status::OK();
      }
      Lists after = lists_;
      return Change(transaction.get(), Operation::kEdit, &after);
    }
    default:
      return Change(kWrite, operation, &lists_);
  }
}

void SupportHistory::Step() {
  const unsigned kind = random_() % 32;
  if (kind < 3 && Does(Operation::kFlush)) {
    EXPECT_OK(Try(Operation::kFlush));
    if (random_() % 2 == 0) Check();
  } else if (kind == 3 && Does(Operation::kCompact)) {
    EXPECT_OK(Try(Operation::kCompact));
    Check();
  } else if (kind == 4 && Does(Operation::kIngest)) {
    EXPECT_OK(Try(Operation::kIngest));
    Check();
  } else if (kind == 5 && Does(Operation::kSnapshot) && snapshots_.size() < 2) {
    EXPECT_OK(Try(Operation::kSnapshot));
  } else if (kind == 6 && random_() % 3 == 0) {
    DropSnapshots();
  } else if (kind == 7 && random_() % 4 == 0 && Does(Operation::kReopen)) {
    EXPECT_OK(Try(Operation::kReopen));
    Check();
  } else if (kind < 10) {
    Check();
  } else if (kind < 14) {
    Scope();
  } else {
    AnyChange(kWrite, &lists_);
  }
}

void SupportHistory::Run(int steps) {
  for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    Step();
  }
  if (!::testing::Test::HasFailure()) Check();
}

void SupportHistory::Check() {
  const rocksdb::Status s = instance_.Refresh();
  ASSERT_TRUE(s.ok()) << s.ToString();
  rocksdb::ReadOptions options;
  CheckReads(instance_.reader(), keys_, lists_, options, random_(), done_);
  if (!instance_.only_reads()) {
    for (const auto& [snapshot, lists] : snapshots_) {
      SCOPED_TRACE("of a snapshot");
      options.snapshot = snapshot;
      CheckReads(instance_.reader(), keys_, lists, options, random_(), done_);
    }
  }
}

void SupportHistory::DropSnapshots() {
  if (!snapshots_.empty()) Check();
  for (const auto& [snapshot, lists] : snapshots_) instance_.db()->ReleaseSnapshot(snapshot);
  snapshots_.clear();
}

}  // namespace testing
}  // namespace sheaf

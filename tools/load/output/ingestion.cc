#include "tools/load/output/ingestion.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rocksdb/iterator.h"
#include "rocksdb/sst_file_reader.h"
#include "tools/common/interrupt.h"
#include "tools/common/text.h"
#include "tools/load/output/long_lists.h"

namespace sheaf {
namespace load {
namespace {

constexpr char kMarkName[] = "sheaf.load";
constexpr char kWhatProperty[] = "sheaf.load.what";
constexpr char kIdProperty[] = "sheaf.load.id";

class MarkCollector final : public rocksdb::TablePropertiesCollector {
 public:
  explicit MarkCollector(const LoadMark& mark) : mark_(mark) {}

  const char* Name() const override { return kMarkName; }
  rocksdb::Status AddUserKey(const rocksdb::Slice&, const rocksdb::Slice&, rocksdb::EntryType,
                             rocksdb::SequenceNumber, uint64_t) override {
    return rocksdb::Status::OK();
  }
  rocksdb::Status Finish(rocksdb::UserCollectedProperties* properties) override {
    *properties = GetReadableProperties();
    return rocksdb::Status::OK();
  }
  rocksdb::UserCollectedProperties GetReadableProperties() const override {
    return {{kWhatProperty, mark_.what}, {kIdProperty, mark_.id}};
  }

 private:
  const LoadMark mark_;
};

class MarkCollectorFactory final : public rocksdb::TablePropertiesCollectorFactory {
 public:
  explicit MarkCollectorFactory(const LoadMark& mark) : mark_(mark) {}

  const char* Name() const override { return kMarkName; }
  rocksdb::TablePropertiesCollector* CreateTablePropertiesCollector(Context) override {
    return new MarkCollector(mark_);
  }

 private:
  const LoadMark mark_;
};

absl::Status CannotRead(const Database& database, const rocksdb::Status& status) {
  return absl::InternalError(
      absl::StrCat(database.path(), ": cannot read the DB: ", status.ToString()));
}

// True if an SST of the column family has `property` with this value.
absl::StatusOr<bool> HasProperty(const Database& database, const OpenedDatabase& opened,
                                 const char* property, const std::string& value) {
  rocksdb::TablePropertiesCollection all;
  const rocksdb::Status status = opened.db()->GetPropertiesOfAllTables(opened.family(), &all);
  if (!status.ok()) return CannotRead(database, status);
  return std::any_of(all.begin(), all.end(), [&](const auto& file) {
    const rocksdb::UserCollectedProperties& properties = file.second->user_collected_properties;
    const auto found = properties.find(property);
    return found != properties.end() && found->second == value;
  });
}

std::string LiveFiles(rocksdb::DB* db) {
  std::vector<rocksdb::LiveFileMetaData> files;
  db->GetLiveFilesMetaData(&files);
  std::vector<std::string> names;
  for (const rocksdb::LiveFileMetaData& file : files) names.push_back(file.name);
  std::sort(names.begin(), names.end());
  std::string all;
  for (const std::string& name : names) all += name;
  return all;
}

// The first key that a file and the DB both have.
absl::Status CheckAbsent(const Database& database, const OpenedDatabase& opened,
                         const std::vector<std::string>& files) {
  const rocksdb::Options options = database.options();
  const rocksdb::Comparator* const comparator = options.comparator;
  rocksdb::ReadOptions read;
  read.total_order_seek = true;
  read.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> ours(opened.db()->NewIterator(read, opened.family()));
  uint64_t count = 0;
  std::string first;
  for (const std::string& file : files) {
    rocksdb::SstFileReader reader(options);
    rocksdb::Status status = reader.Open(file);
    if (!status.ok()) return absl::InternalError(absl::StrCat(file, ": ", status.ToString()));
    const std::unique_ptr<rocksdb::Iterator> theirs(reader.NewIterator(read));
    theirs->SeekToFirst();
    if (theirs->Valid()) ours->Seek(theirs->key());
    // Each goes to where the other is, so that what only one of them has is passed over.
    while (theirs->Valid() && ours->Valid()) {
      if (absl::Status interrupted = CheckInterrupt(); !interrupted.ok()) return interrupted;
      const int compared = comparator->Compare(ours->key(), theirs->key());
      if (compared < 0) {
        ours->Seek(theirs->key());
      } else if (compared > 0) {
        theirs->Seek(ours->key());
      } else {
        if (count++ == 0) first = theirs->key().ToString();
        theirs->Next();
      }
    }
    if (!theirs->status().ok()) {
      return absl::InternalError(absl::StrCat(file, ": ", theirs->status().ToString()));
    }
    if (!ours->status().ok()) return CannotRead(database, ours->status());
  }
  if (count == 0) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat(
      database.path(), ": --create-only: key ", Quoted(first), " exists",
      count == 1 ? "" : absl::StrCat(", and ", Grouped(count - 1), " more of the input"),
      "; load with --mode append or replace, or take the key out of the input"));
}

uint64_t Property(const OpenedDatabase& opened, const std::string& name) {
  uint64_t value = 0;
  return opened.db()->GetIntProperty(opened.family(), name, &value) ? value : 1;
}

// A compaction would begin, as pieces of a list go into the first level, and be ended in a moment
// by closing the DB. It is the work of who opens the DB next. Of this DB alone: others in the
// process share the threads, and options of the DB would stay in its OPTIONS.
void PauseCompactions(const OpenedDatabase& opened) {
  using Properties = rocksdb::DB::Properties;
  // Pausing waits for what runs already. It stops flushes as well, and ingesting waits for one if
  // there is anything to flush.
  for (const std::string& name :
       {Properties::kNumRunningCompactions, Properties::kCompactionPending,
        Properties::kNumEntriesActiveMemTable, Properties::kNumEntriesImmMemTables}) {
    if (Property(opened, name) != 0) return;
  }
  opened.db()->PauseBackgroundWork().PermitUncheckedError();  // else a compaction begins
}

absl::Status IngestInto(const Database& database, const OpenedDatabase& opened,
                        const IngestionOptions& options) {
  rocksdb::DB* const db = opened.db();
  // What is in the log and comes before what is loaded.
  if (const rocksdb::Status before = opened.Acknowledge(); !before.ok()) {
    return absl::InternalError(absl::StrCat(database.path(), ": ", before.ToString()));
  }
  if (options.must_be_empty) {
    const absl::StatusOr<bool> empty = IsEmpty(opened);
    if (!empty.ok()) return empty.status();
    if (!*empty) {
      return absl::AbortedError(absl::StrCat(
          database.path(), ": another process wrote to the DB meanwhile; run the load again"));
    }
  }
  if (options.long_lists && !options.must_be_empty) {
    const auto check = options.create_only ? CheckNoLongList : CheckFollow;
    if (absl::Status status = check(database, opened, options.files); !status.ok()) return status;
  } else if (options.create_only) {
    if (absl::Status status = CheckAbsent(database, opened, options.files); !status.ok()) {
      return status;
    }
  }
  IngestionIntent intent;
  intent.sequence = db->GetLatestSequenceNumber();
  // With a snapshot RocksDB gives the files a new sequence number. In universal compaction that
  // would put them into the first level instead of the last.
  intent.raises = database.options().compaction_style == rocksdb::kCompactionStyleLevel;
  intent.live_files = LiveFiles(db);
  absl::Status before = options.before(intent);
  if (!before.ok()) return before;
  rocksdb::IngestExternalFileOptions ingest;
  ingest.move_files = true;
  ingest.write_global_seqno = false;  // files are not changed after they are written
  ingest.snapshot_consistency = true;
  const rocksdb::Snapshot* const snapshot = intent.raises ? db->GetSnapshot() : nullptr;
  const rocksdb::Status status = db->IngestExternalFile(opened.family(), options.files, ingest);
  if (snapshot != nullptr) db->ReleaseSnapshot(snapshot);
  if (status.ok()) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat(database.path(), ": cannot ingest the SSTs: ", status.ToString()));
}

}  // namespace

std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> NewMarkCollectorFactory(
    const LoadMark& mark) {
  return std::make_shared<MarkCollectorFactory>(mark);
}

absl::StatusOr<bool> IsEmpty(const OpenedDatabase& opened) {
  rocksdb::ReadOptions read;
  read.total_order_seek = true;
  const std::unique_ptr<rocksdb::Iterator> iterator(
      opened.db()->NewIterator(read, opened.family()));
  iterator->SeekToFirst();
  if (!iterator->status().ok()) {
    return absl::InternalError(absl::StrCat("cannot read the DB: ", iterator->status().ToString()));
  }
  return !iterator->Valid();
}

absl::StatusOr<Ingested> WasIngested(const Database& database, const std::string& id,
                                     const IngestionIntent& intent) {
  if (!Database::Exists(database.path())) return Ingested::kNo;
  const auto opened = database.OpenForReadOnly();
  if (!opened.ok()) return opened.status();
  const absl::StatusOr<bool> found = HasProperty(database, **opened, kIdProperty, id);
  if (!found.ok()) return found.status();
  if (*found) return Ingested::kYes;
  rocksdb::DB* const db = (*opened)->db();
  if (intent.raises && db->GetLatestSequenceNumber() == intent.sequence) return Ingested::kNo;
  if (LiveFiles(db) == intent.live_files) return Ingested::kNo;
  return Ingested::kUnknown;
}

absl::StatusOr<bool> HasLoad(const Database& database, const std::string& id) {
  const auto opened = database.OpenForReadOnly();
  if (!opened.ok()) return opened.status();
  return HasProperty(database, **opened, kIdProperty, id);
}

absl::StatusOr<bool> HasLoadOf(const Database& database, const std::string& what) {
  if (!Database::Exists(database.path())) return false;
  const auto opened = database.OpenForReadOnly();
  if (!opened.ok()) return opened.status();
  return HasProperty(database, **opened, kWhatProperty, what);
}

absl::Status Ingest(const Database& database, const IngestionOptions& options) {
  absl::StatusOr<std::unique_ptr<OpenedDatabase>> opened = database.Open();
  if (!opened.ok()) return opened.status();
  if (!(*opened)->note().empty()) options.note((*opened)->note());
  PauseCompactions(**opened);
  absl::Status status =
      options.files.empty() ? absl::OkStatus() : IngestInto(database, **opened, options);
  opened->reset();
  return status;
}

}  // namespace load
}  // namespace sheaf

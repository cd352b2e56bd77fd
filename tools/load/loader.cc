#include "tools/load/loader.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "rocksdb/iterator.h"
#include "tools/load/database.h"
#include "tools/load/input_file.h"
#include "tools/load/interrupt.h"
#include "tools/load/progress.h"
#include "tools/load/row_reader.h"
#include "tools/load/row_table.h"
#include "tools/load/sst_builder.h"
#include "tools/load/temp_folder.h"
#include "tools/load/text.h"

namespace sheaf {
namespace load {
namespace {

// What buffers of reading and of a writing thread come to: RocksDB's write buffer, the index of an
// SST of 256 MB, blocks being compressed.
constexpr uint64_t kWriterBytes = uint64_t{6} << 20;
// Work below this is not worth a second SST.
constexpr uint64_t kBytesAThread = uint64_t{16} << 20;

class Timer {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

 private:
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

class Loader {
 public:
  Loader(const LoadOptions& options, LoadSummary* summary)
      : options_(options),
        summary_(*summary),
        progress_("sheaf load", options.progress),
        malformed_(options.on_error),
        rows_(Limits(options)) {}

  absl::Status Run() {
    absl::Status status = FindDatabase();
    if (status.ok()) status = ReadRows();
    if (status.ok()) status = SortRows();
    if (status.ok()) status = WriteSsts();
    if (status.ok()) status = Ingest();
    progress_.Clear();
    return status;
  }

 private:
  static RowTable::Limits Limits(const LoadOptions& options) {
    const uint64_t buffers = kWriterBytes * static_cast<uint64_t>(options.threads);
    RowTable::Limits limits;
    limits.memory = options.memory - std::min(buffers, options.memory / 4);
    return limits;
  }

  absl::Status FindDatabase() {
    for (const std::string& input : options_.inputs) {
      if (absl::Status status = InputFile::Check(input, &total_bytes_); !status.ok()) return status;
    }
    absl::StatusOr<Database> database =
        Database::Exists(options_.db)
            ? Database::Read(options_.db)
            : Database::New(options_.db, options_.layout.value_or(Layout::kCompact));
    if (!database.ok()) return database.status();
    database_ = *std::move(database);
    if (options_.layout.value_or(database_.layout()) != database_.layout()) {
      return absl::FailedPreconditionError(absl::StrCat(
          options_.db, ": the DB has layout ", LayoutName(database_.layout()), ", not ",
          LayoutName(*options_.layout), "; leave --layout out, or load into a new DB"));
    }
    if (options_.mode == LoadMode::kAppend && !database_.can_append()) {
      return absl::FailedPreconditionError(absl::StrCat(
          options_.db, ": cannot append: the DB's merge operator is ", database_.merge_operator(),
          ", not sheaf.append. Use --mode replace, or open the DB once with "
          "merge_operator = sheaf::NewAppendOperator()"));
    }
    return database_.is_new() ? absl::OkStatus() : database_.CheckUnlocked();
  }

  absl::Status ReadRows() {
    const Timer timer;
    progress_.Phase("reading", total_bytes_, /*in_bytes=*/true);
    for (const std::string& path : options_.inputs) {
      const RowFormat format = options_.format.value_or(FormatOfFile(path));
      // For a long line the JSON parser needs 14 bytes a byte in addition.
      const uint64_t factor = format == RowFormat::kJsonl ? 15 : 1;
      absl::StatusOr<std::unique_ptr<InputFile>> input = InputFile::Open(
          path, [this, factor](uint64_t bytes) { return rows_.SetAside(factor * bytes); });
      if (!input.ok()) return input.status();
      const std::unique_ptr<RowReader> reader = NewRowReader(format);
      const uint64_t before = summary_.bytes_in;
      reader->on_chunk = [&](uint64_t bytes) {
        summary_.bytes_in = before + bytes;
        progress_.At(summary_.bytes_in, rows_.rows());
      };
      reader->on_note = options_.note;
      absl::Status status = reader->Read(**input, malformed_, rows_);
      summary_.bytes_in = before + (*input)->offset();
      if (absl::IsResourceExhausted(status)) return OutOfMemory(status);
      if (!status.ok()) return status;
    }
    summary_.rows = rows_.rows();
    summary_.values = rows_.values();
    summary_.rows_skipped = malformed_.count();
    summary_.skipped = malformed_.Account();
    summary_.read_seconds = timer.Seconds();
    return absl::OkStatus();
  }

  absl::Status OutOfMemory(const absl::Status& status) const {
    const uint64_t used = rows_.memory_used() + (options_.memory - Limits(options_).memory);
    std::string estimate;
    if (total_bytes_ > summary_.bytes_in && summary_.bytes_in > 0) {
      const double all = static_cast<double>(used) * static_cast<double>(total_bytes_) /
                         static_cast<double>(summary_.bytes_in);
      estimate = absl::StrCat(", about ", Bytes(static_cast<uint64_t>(all)), " for all of it");
    }
    return absl::ResourceExhaustedError(absl::StrCat(
        status.message(), ": --memory is ", Bytes(options_.memory), "; ",
        Plural(rows_.rows(), "row"), " (", Bytes(summary_.bytes_in), " of input) needed ",
        Bytes(used), " so far", estimate, ". Raise --memory or split the input"));
  }

  absl::Status SortRows() {
    const Timer timer;
    progress_.Phase("sorting", 0, /*in_bytes=*/false);
    absl::Status status = rows_.Sort(database_.options().comparator, options_.threads);
    summary_.sort_seconds = timer.Seconds();
    return status;
  }

  // True if no key has a value, so that lists can be written as values instead of operands.
  absl::StatusOr<bool> IsEmpty() const {
    if (database_.is_new()) return true;
    absl::StatusOr<std::unique_ptr<OpenedDatabase>> opened = database_.OpenForReadOnly();
    if (!opened.ok()) return opened.status();
    return IsEmpty((*opened)->db());
  }

  static absl::StatusOr<bool> IsEmpty(rocksdb::DB* db) {
    rocksdb::ReadOptions read;
    read.total_order_seek = true;
    const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(read));
    iterator->SeekToFirst();
    if (!iterator->status().ok()) {
      return absl::InternalError(
          absl::StrCat("cannot read the DB: ", iterator->status().ToString()));
    }
    return !iterator->Valid();
  }

  absl::Status WriteSsts() {
    if (rows_.rows() == 0) return absl::OkStatus();
    const Timer timer;
    SstPlan plan;
    plan.options = database_.options();
    plan.layout = database_.layout();
    if (options_.mode == LoadMode::kAppend) {
      const absl::StatusOr<bool> empty = IsEmpty();
      if (!empty.ok()) return empty.status();
      plan.operands = !*empty;
    }
    summary_.operands = plan.operands;
    std::atomic<uint64_t> written{0};
    plan.written = &written;

    if (absl::Status status = MakeTempFolder(); !status.ok()) return status;
    const uint64_t worth = rows_.memory_used() / kBytesAThread + 1;
    const auto parts = std::min<uint64_t>(static_cast<uint64_t>(options_.threads), worth);
    const std::vector<std::unique_ptr<ListSource>> lists = rows_.Lists(parts);
    std::vector<std::unique_ptr<SstBuilder>> builders;
    std::vector<absl::Status> statuses(lists.size());
    std::vector<std::thread> threads;
    std::atomic<size_t> running{lists.size()};
    for (size_t i = 0; i < lists.size(); ++i) {
      builders.push_back(
          std::make_unique<SstBuilder>(plan, absl::StrCat(folder_->path(), "/", i, "-")));
    }
    for (size_t i = 0; i < lists.size(); ++i) {
      threads.emplace_back([&, i] {
        statuses[i] = builders[i]->Write(*lists[i]);
        --running;
      });
    }
    progress_.Phase("writing lists", 0, /*in_bytes=*/false);
    if (options_.progress) {
      while (running.load() > 0) {
        progress_.At(written.load(), 0);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
    }
    for (std::thread& thread : threads) thread.join();
    for (size_t i = 0; i < lists.size(); ++i) {
      if (!statuses[i].ok()) return statuses[i];
      summary_.keys += builders[i]->keys();
      summary_.sst_bytes += builders[i]->bytes();
      ssts_.insert(ssts_.end(), builders[i]->files().begin(), builders[i]->files().end());
    }
    summary_.ssts = ssts_.size();
    summary_.write_seconds = timer.Seconds();
    return absl::OkStatus();
  }

  absl::Status MakeTempFolder() {
    std::string prefix;
    if (options_.tmp.empty()) {
      prefix = options_.db;
      while (prefix.size() > 1 && prefix.back() == '/') prefix.pop_back();
      prefix += ".load-";
    } else {
      prefix = options_.tmp + "/sheaf-load-";
    }
    absl::StatusOr<std::unique_ptr<TempFolder>> folder = TempFolder::Make(prefix);
    if (!folder.ok()) {
      return absl::InternalError(
          absl::StrCat(folder.status().message(), "; name another folder with --tmp"));
    }
    folder_ = *std::move(folder);
    return absl::OkStatus();
  }

  // From here on signals are not looked at: it is short, and ends with all or nothing.
  absl::Status Ingest() {
    if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
    if (ssts_.empty() && !database_.is_new()) return absl::OkStatus();
    const Timer timer;
    progress_.Phase("ingesting", 0, /*in_bytes=*/false);
    absl::StatusOr<std::unique_ptr<OpenedDatabase>> opened = database_.Open();
    if (!opened.ok()) return opened.status();
    absl::Status status = IngestInto((*opened)->db());
    opened->reset();
    if (!status.ok()) {
      if (!absl::IsAborted(status)) database_.Remove();
      return status;
    }
    summary_.created = database_.is_new();
    summary_.ingest_seconds = timer.Seconds();
    return absl::OkStatus();
  }

  absl::Status IngestInto(rocksdb::DB* db) const {
    if (ssts_.empty()) return absl::OkStatus();
    if (options_.mode == LoadMode::kAppend && !summary_.operands) {
      // It was empty when the SSTs were written, as values that would replace lists.
      const absl::StatusOr<bool> empty = IsEmpty(db);
      if (!empty.ok()) return empty.status();
      if (!*empty) {
        return absl::AbortedError(absl::StrCat(
            options_.db, ": another process wrote to the DB meanwhile; run the load again"));
      }
    }
    rocksdb::IngestExternalFileOptions ingest;
    ingest.move_files = true;
    ingest.write_global_seqno = false;  // files are not changed after they are written
    const rocksdb::Status status = db->IngestExternalFile(ssts_, ingest);
    if (status.ok()) return absl::OkStatus();
    return absl::InternalError(
        absl::StrCat(options_.db, ": cannot ingest the SSTs: ", status.ToString()));
  }

  const LoadOptions& options_;
  LoadSummary& summary_;
  Progress progress_;
  MalformedRows malformed_;
  uint64_t total_bytes_ = 0;
  Database database_;
  RowTable rows_;
  std::unique_ptr<TempFolder> folder_;
  std::vector<std::string> ssts_;
};

}  // namespace

absl::Status Load(const LoadOptions& options, LoadSummary* summary) {
  *summary = LoadSummary();
  const InterruptScope interrupts;
  return Loader(options, summary).Run();
}

}  // namespace load
}  // namespace sheaf

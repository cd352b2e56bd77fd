#include "tools/load/output/sst_files.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rocksdb/table.h"

namespace sheaf {
namespace load {
namespace {

constexpr uint64_t kBytesPerSync = uint64_t{4} << 20;
// Keys beyond this are long, and an index that has them whole is as large as the rows.
constexpr size_t kLongKey = 256;
constexpr uint64_t kLongKeysRestart = 64;
// Of a data block in its file's index, beside the key; of a key in a filter that is being made.
constexpr uint64_t kIndexEntryBytes = 16;
constexpr uint64_t kFilterEntryBytes = 8;

rocksdb::Slice SliceOf(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

absl::Status CannotWrite(const std::string& file, const rocksdb::Status& status) {
  return absl::InternalError(absl::StrCat("cannot write ", file, ": ", status.ToString()));
}

}  // namespace

SstFiles::SstFiles(const SstPlan& plan, std::string prefix)
    : plan_(plan), prefix_(std::move(prefix)) {
  const auto* const table =
      plan.options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
  has_filter_ = table != nullptr && table->filter_policy != nullptr;
}

SstFiles::~SstFiles() = default;

absl::Status SstFiles::Open(std::unique_ptr<rocksdb::SstFileWriter>* writer,
                            const std::string& path) const {
  rocksdb::EnvOptions env(plan_.options);
  // The disk works while the file is written, not only at its end.
  if (env.bytes_per_sync == 0) env.bytes_per_sync = kBytesPerSync;
  rocksdb::Options options = plan_.options;
  // To make a dictionary RocksDB keeps data blocks; without a limit all of them.
  for (rocksdb::CompressionOptions* const compression :
       {&options.compression_opts, &options.bottommost_compression_opts}) {
    uint64_t& max = compression->max_dict_buffer_bytes;
    if (max == 0 || max > plan_.kept_bytes) max = plan_.kept_bytes;
  }
  const auto* const table = options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
  if (long_keys_ && table != nullptr) {
    // Keys of an index are long if neighbours begin with the same bytes, which are then written
    // once for several of them. RocksDB holds the index as it is in the file.
    rocksdb::BlockBasedTableOptions shared = *table;
    shared.index_block_restart_interval = kLongKeysRestart;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(shared));
  }
  // The files are read again soon: keep them in the page cache.
  *writer = std::make_unique<rocksdb::SstFileWriter>(env, options, plan_.family.get(),
                                                     /*invalidate_page_cache=*/false);
  const rocksdb::Status status = (*writer)->Open(path);
  return status.ok() ? absl::OkStatus() : CannotWrite(path, status);
}

absl::Status SstFiles::Add(std::string_view key, std::string_view blob) {
  return Write(key, blob, plan_.operands);
}

absl::Status SstFiles::AddValue(std::string_view key, std::string_view blob) {
  return Write(key, blob, /*operand=*/false);
}

absl::Status SstFiles::Write(std::string_view key, std::string_view blob, bool operand) {
  if (writer_ != nullptr &&
      (writer_->FileSize() >= plan_.file_bytes || kept_bytes_ >= plan_.kept_bytes)) {
    if (absl::Status status = FinishFile(); !status.ok()) return status;
  }
  if (writer_ == nullptr) {
    if (absl::Status status = OpenNext(key); !status.ok()) return status;
  }
  const rocksdb::Status status = operand ? writer_->Merge(SliceOf(key), SliceOf(blob))
                                         : writer_->Put(SliceOf(key), SliceOf(blob));
  if (!status.ok()) return CannotWrite(files_.back().path, status);
  CountKept(key);
  return absl::OkStatus();
}

absl::Status SstFiles::AddPiece(std::string_view key, std::string_view blob) {
  SstFile file;
  file.path = absl::StrCat(prefix_, "piece-", pieces_.size(), ".sst");
  file.smallest = file.largest = std::string(key);
  file.keys = 1;
  file.piece = true;
  std::unique_ptr<rocksdb::SstFileWriter> writer;
  if (absl::Status status = Open(&writer, file.path); !status.ok()) return status;
  rocksdb::ExternalSstFileInfo info;
  rocksdb::Status written = writer->Merge(SliceOf(key), SliceOf(blob));
  if (written.ok()) written = writer->Finish(&info);
  if (!written.ok()) return CannotWrite(file.path, written);
  file.bytes = info.file_size;
  finished_bytes_ += file.bytes;
  pieces_.push_back(std::move(file));
  return absl::OkStatus();
}

absl::Status SstFiles::Finish() {
  if (absl::Status status = FinishFile(); !status.ok()) return status;
  files_.insert(files_.end(), std::make_move_iterator(pieces_.begin()),
                std::make_move_iterator(pieces_.end()));
  pieces_.clear();
  return absl::OkStatus();
}

absl::Status SstFiles::OpenNext(std::string_view key) {
  files_.emplace_back();
  files_.back().path = absl::StrCat(prefix_, files_.size() - 1, ".sst");
  long_keys_ = key.size() > kLongKey;
  kept_bytes_ = 0;
  blocks_ = 0;
  blocks_bytes_ = 0;
  return Open(&writer_, files_.back().path);
}

void SstFiles::CountKept(std::string_view key) {
  if (has_filter_) kept_bytes_ += kFilterEntryBytes;
  const uint64_t blocks_bytes = writer_->FileSize();
  if (blocks_bytes != blocks_bytes_) {
    // A data block ends before this key. What parts it from the next one is its key in the index.
    blocks_bytes_ = blocks_bytes;
    plan_.options.comparator->FindShortestSeparator(&last_key_, SliceOf(key));
    size_t shared = 0;
    if (long_keys_ && blocks_ % kLongKeysRestart != 0) {
      const size_t max = std::min(last_key_.size(), index_key_.size());
      while (shared < max && last_key_[shared] == index_key_[shared]) ++shared;
    }
    ++blocks_;
    kept_bytes_ += kIndexEntryBytes + last_key_.size() - shared;
    std::swap(index_key_, last_key_);
  }
  last_key_.assign(key);
}

absl::Status SstFiles::FinishFile() {
  if (writer_ == nullptr) return absl::OkStatus();
  rocksdb::ExternalSstFileInfo info;
  const rocksdb::Status status = writer_->Finish(&info);
  writer_.reset();
  SstFile& file = files_.back();
  if (!status.ok()) return CannotWrite(file.path, status);
  file.bytes = info.file_size;
  finished_bytes_ += file.bytes;
  file.keys = info.num_entries;
  file.smallest = std::move(info.smallest_key);
  file.largest = std::move(info.largest_key);
  return absl::OkStatus();
}

}  // namespace load
}  // namespace sheaf

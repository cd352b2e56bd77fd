#include "tools/load/output/sst_builder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rocksdb/table.h"
#include "tools/common/interrupt.h"
#include "tools/common/text.h"
#include "tools/load/sort/row_record.h"

namespace sheaf {
namespace load {
namespace {

// A list past this leaves buffers that are not kept for the next.
constexpr size_t kKeptBuffer = size_t{1} << 20;
constexpr uint64_t kRowsACheck = 4096;
constexpr uint64_t kBytesPerSync = uint64_t{4} << 20;
// Keys beyond this are long, and an index that has them whole is as large as the rows.
constexpr size_t kLongKey = 256;
constexpr uint64_t kLongKeysRestart = 64;
// Of a data block in its file's index, beside the key; of a key in a filter that is being made.
constexpr uint64_t kIndexEntryBytes = 16;
constexpr uint64_t kFilterEntryBytes = 8;

// What the size of a value takes, in BlobBuilder or in the blob. A list of empty values is all
// sizes.
size_t SizeBytes(const SstPlan& plan) {
  return BlobLayout(plan) == Layout::kFixed64 ? sizeof(uint64_t) : sizeof(uint32_t);
}

absl::Status CannotWrite(const std::string& file, const rocksdb::Status& status) {
  return absl::InternalError(absl::StrCat("cannot write ", file, ": ", status.ToString()));
}

}  // namespace

SstBuilder::SstBuilder(const SstPlan& plan, std::string prefix)
    : plan_(plan), prefix_(std::move(prefix)) {
  if (plan_.large_list != nullptr) {
    large_ = std::unique_lock<std::mutex>(*plan_.large_list, std::defer_lock);
  }
  const auto* const table =
      plan.options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
  has_filter_ = table != nullptr && table->filter_policy != nullptr;
}

SstBuilder::~SstBuilder() = default;

absl::Status SstBuilder::Append(SortedRows& rows, const KeyOrder& order) {
  uint64_t bytes = 0;
  absl::Status status;
  for (uint64_t count = 0; rows.Next(); ++count) {
    if (count % kRowsACheck == 0) {
      if (status = CheckInterrupt(); !status.ok()) return status;
      if (plan_.bytes_merged != nullptr) *plan_.bytes_merged += std::exchange(bytes, 0);
    }
    bytes += rows.key().size() + rows.body().size();
    if (!in_list_ || !order.Equal(rows.key(), key_)) {
      if (status = BeginList(rows.key()); !status.ok()) return status;
    }
    if (status = AddBody(rows.body()); !status.ok()) return status;
  }
  if (plan_.bytes_merged != nullptr) *plan_.bytes_merged += bytes;
  return rows.status();
}

absl::Status SstBuilder::AddList(std::string_view key, std::string_view blob, uint64_t values) {
  if (in_list_) {
    if (absl::Status status = EndList(); !status.ok()) return status;
  }
  key_.assign(key.data(), key.size());
  ++written_.keys;
  written_.values += values;
  return Add(blob);
}

absl::Status SstBuilder::AddPart(std::string_view key, BlobView values) {
  absl::Status status = CheckInterrupt();
  if (status.ok() && (!in_list_ || key != key_)) status = BeginList(key);
  if (status.ok()) status = MakeRoom(values.contents().size(), values.size());
  if (!status.ok()) return status;
  builder_->AddAll(values);
  return CheckSize();
}

absl::Status SstBuilder::End() {
  absl::Status status;
  if (in_list_ && !(status = EndList()).ok()) return status;
  if (status = Finish(); !status.ok()) return status;
  written_.files.insert(written_.files.end(), std::make_move_iterator(pieces_.begin()),
                        std::make_move_iterator(pieces_.end()));
  pieces_.clear();
  return absl::OkStatus();
}

absl::Status SstBuilder::BeginList(std::string_view key) {
  if (in_list_) {
    if (absl::Status status = EndList(); !status.ok()) return status;
  }
  key_.assign(key.data(), key.size());
  in_list_ = true;
  if (builder_ == nullptr) builder_ = std::make_unique<BlobBuilder>(BlobLayout(plan_));
  return absl::OkStatus();
}

uint64_t SstBuilder::ListBytes() const {
  return builder_->contents_bytes() + builder_->size() * SizeBytes(plan_);
}

absl::Status SstBuilder::MakeRoom(size_t bytes, size_t values) {
  if (ListBytes() + bytes + values * SizeBytes(plan_) <= plan_.piece_bytes ||
      builder_->size() == 0) {
    return absl::OkStatus();
  }
  return CutPiece();
}

absl::Status SstBuilder::AddBody(std::string_view body) {
  const char* at = body.data();
  for (uint64_t left = LoadVarint(&at); left != 0; --left) {
    const std::string_view value = LoadText(&at);
    if (absl::Status status = MakeRoom(value.size(), 1); !status.ok()) return status;
    builder_->Add(value);
  }
  return CheckSize();
}

absl::Status SstBuilder::CheckSize() {
  if (ListBytes() > plan_.piece_bytes / 8 && plan_.large_list != nullptr && !large_.owns_lock()) {
    large_.lock();
  }
  if (shape_.bytes() + builder_->contents_bytes() > plan_.list_bytes) {
    return TooLarge(absl::StrCat("its values have more than ", Grouped(plan_.list_bytes),
                                 " bytes in all, the most that a list has"));
  }
  return absl::OkStatus();
}

absl::Status SstBuilder::TooLarge(std::string_view why) const {
  return absl::ResourceExhaustedError(absl::StrCat("the list of key ", Quoted(key_),
                                                   " is too large: ", Abs(why),
                                                   ". Spread its values over several keys"));
}

absl::Status SstBuilder::CutPiece() {
  if (!plan_.can_merge) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "writing the list of key ", Quoted(key_), " needs more than ", Bytes(plan_.piece_bytes),
        " for its values; raise --memory. (With the merge operator sheaf.append in the DB's "
        "options it could be written in pieces)"));
  }
  return WritePiece();
}

absl::Status SstBuilder::WritePiece() {
  if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
  const bool first = pieces_of_list_++ == 0;
  const Layout layout = first ? BlobLayout(plan_) : Layout::kCompact;
  absl::Status status = builder_->Finish(&blob_);
  if (!status.ok()) return TooLarge(Std(status.message()));
  const absl::StatusOr<BlobView> piece = BlobView::Parse(blob_, layout);
  if (!piece.ok()) return piece.status();  // we wrote it
  shape_.AddAll(*piece);
  if (status = shape_.FitsRocksDb(plan_.layout); !status.ok()) {
    return TooLarge(Std(status.message()));
  }
  written_.values += piece->size();
  if (first) {
    status = Add(blob_);
    builder_ = std::make_unique<BlobBuilder>(Layout::kCompact);
  } else {
    SstFile file;
    file.path = absl::StrCat(prefix_, "piece-", pieces_.size(), ".sst");
    file.smallest = file.largest = key_;
    file.keys = 1;
    file.piece = true;
    std::unique_ptr<rocksdb::SstFileWriter> writer;
    status = Open(&writer, file.path);
    if (!status.ok()) return status;
    rocksdb::ExternalSstFileInfo info;
    rocksdb::Status written = writer->Merge(key_, blob_);
    if (written.ok()) written = writer->Finish(&info);
    if (!written.ok()) return CannotWrite(file.path, written);
    file.bytes = info.file_size;
    finished_bytes_ += file.bytes;
    pieces_.push_back(std::move(file));
  }
  std::string().swap(blob_);
  return status;
}

absl::Status SstBuilder::EndList() {
  in_list_ = false;
  ++written_.keys;
  if (plan_.keys_written != nullptr && written_.keys % 256 == 0) *plan_.keys_written += 256;
  absl::Status status;
  if (pieces_of_list_ != 0) {
    if (builder_->size() != 0) status = WritePiece();
    pieces_of_list_ = 0;
    shape_ = internal::ListShape();
    builder_.reset();
  } else {
    const size_t count = builder_->size();
    const bool large = ListBytes() > kKeptBuffer;
    status = builder_->Finish(&blob_);
    constexpr uint64_t kMaxRocksValue = 0xFFFFFFFF;
    if (status.ok() && blob_.size() > kMaxRocksValue) {
      status = absl::ResourceExhaustedError(absl::StrCat(Grouped(blob_.size()),
                                                         " bytes; RocksDB takes at most ",
                                                         Grouped(kMaxRocksValue), " as one value"));
    }
    if (!status.ok()) return TooLarge(Std(status.message()));
    written_.values += count;
    status = Add(blob_);
    if (large) {
      std::string().swap(blob_);
      builder_.reset();
    }
  }
  if (large_.owns_lock()) large_.unlock();
  return status;
}

absl::Status SstBuilder::Open(std::unique_ptr<rocksdb::SstFileWriter>* writer,
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
    // Keys of an index are long where neighbours begin with the same bytes, which are then written
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

absl::Status SstBuilder::Add(std::string_view blob) {
  if (writer_ != nullptr &&
      (writer_->FileSize() >= plan_.file_bytes || kept_bytes_ >= plan_.kept_bytes)) {
    if (absl::Status status = Finish(); !status.ok()) return status;
  }
  if (writer_ == nullptr) {
    if (absl::Status status = OpenNext(); !status.ok()) return status;
  }
  const rocksdb::Slice value(blob.data(), blob.size());
  const rocksdb::Status status =
      plan_.operands ? writer_->Merge(key_, value) : writer_->Put(key_, value);
  if (!status.ok()) return CannotWrite(written_.files.back().path, status);
  CountKept();
  return absl::OkStatus();
}

absl::Status SstBuilder::OpenNext() {
  written_.files.emplace_back();
  written_.files.back().path = absl::StrCat(prefix_, written_.files.size() - 1, ".sst");
  long_keys_ = key_.size() > kLongKey;
  kept_bytes_ = 0;
  blocks_ = 0;
  blocks_bytes_ = 0;
  return Open(&writer_, written_.files.back().path);
}

void SstBuilder::CountKept() {
  if (has_filter_) kept_bytes_ += kFilterEntryBytes;
  const uint64_t blocks_bytes = writer_->FileSize();
  if (blocks_bytes != blocks_bytes_) {
    // A data block ends before this key. What parts it from the next one is its key in the index.
    blocks_bytes_ = blocks_bytes;
    plan_.options.comparator->FindShortestSeparator(&last_key_, key_);
    size_t shared = 0;
    if (long_keys_ && blocks_ % kLongKeysRestart != 0) {
      const size_t max = std::min(last_key_.size(), index_key_.size());
      while (shared < max && last_key_[shared] == index_key_[shared]) ++shared;
    }
    ++blocks_;
    kept_bytes_ += kIndexEntryBytes + last_key_.size() - shared;
    std::swap(index_key_, last_key_);
  }
  last_key_.assign(key_);
}

absl::Status SstBuilder::Finish() {
  if (writer_ == nullptr) return absl::OkStatus();
  rocksdb::ExternalSstFileInfo info;
  const rocksdb::Status status = writer_->Finish(&info);
  writer_.reset();
  if (!status.ok()) return CannotWrite(written_.files.back().path, status);
  SstFile& file = written_.files.back();
  file.bytes = info.file_size;
  finished_bytes_ += file.bytes;
  file.keys = info.num_entries;
  file.smallest = std::move(info.smallest_key);
  file.largest = std::move(info.largest_key);
  return absl::OkStatus();
}

}  // namespace load
}  // namespace sheaf

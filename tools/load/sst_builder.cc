#include "tools/load/sst_builder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/load/interrupt.h"
#include "tools/load/text.h"

namespace sheaf {
namespace load {
namespace {

constexpr uint64_t kMaxRocksValue = 0xFFFFFFFF;
// A list past this leaves buffers that are not kept for the next.
constexpr size_t kKeptBuffer = size_t{1} << 20;

absl::Status CannotWrite(const std::string& file, const rocksdb::Status& status) {
  return absl::InternalError(absl::StrCat("cannot write ", file, ": ", status.ToString()));
}

}  // namespace

SstBuilder::SstBuilder(const SstPlan& plan, std::string prefix)
    : plan_(plan), prefix_(std::move(prefix)) {}

SstBuilder::~SstBuilder() = default;

absl::Status SstBuilder::Write(ListSource& lists) {
  const Layout layout = plan_.operands ? Layout::kCompact : plan_.layout;
  BlobBuilder builder(layout);
  std::string blob;
  std::string_view key;
  constexpr uint64_t kListsACheck = 1024;
  for (uint64_t count = 0;; ++count) {
    if (count % kListsACheck == 0 || blob.size() > kKeptBuffer) {
      if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
      if (plan_.written != nullptr && count != 0) *plan_.written += kListsACheck;
    }
    if (blob.capacity() > kKeptBuffer) {
      blob = std::string();
      builder = BlobBuilder(layout);
    }
    const absl::StatusOr<bool> more = lists.Next(&key, &builder);
    if (!more.ok()) return more.status();
    if (!*more) return Finish();
    absl::Status status = builder.Finish(&blob);
    if (status.ok() && blob.size() > kMaxRocksValue) {
      status = absl::ResourceExhaustedError(absl::StrCat(Grouped(blob.size()),
                                                         " bytes; RocksDB takes at most ",
                                                         Grouped(kMaxRocksValue), " as one value"));
    }
    if (!status.ok()) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the list of key ", Quoted(key), " is too large: ", status.message()));
    }
    if (status = Add(key, blob); !status.ok()) return status;
  }
}

absl::Status SstBuilder::Add(std::string_view key, const std::string& blob) {
  if (writer_ != nullptr && writer_->FileSize() >= plan_.file_bytes) {
    if (absl::Status status = Finish(); !status.ok()) return status;
  }
  rocksdb::Status status;
  if (writer_ == nullptr) {
    files_.push_back(absl::StrCat(prefix_, files_.size(), ".sst"));
    // The files are read again soon: keep them in the page cache.
    writer_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(plan_.options),
                                                       plan_.options, /*column_family=*/nullptr,
                                                       /*invalidate_page_cache=*/false);
    status = writer_->Open(files_.back());
    if (!status.ok()) return CannotWrite(files_.back(), status);
  }
  const rocksdb::Slice key_slice(key.data(), key.size());
  status = plan_.operands ? writer_->Merge(key_slice, blob) : writer_->Put(key_slice, blob);
  if (!status.ok()) return CannotWrite(files_.back(), status);
  ++keys_;
  return absl::OkStatus();
}

absl::Status SstBuilder::Finish() {
  if (writer_ == nullptr) return absl::OkStatus();
  rocksdb::ExternalSstFileInfo info;
  const rocksdb::Status status = writer_->Finish(&info);
  writer_.reset();
  if (!status.ok()) return CannotWrite(files_.back(), status);
  bytes_ += info.file_size;
  return absl::OkStatus();
}

}  // namespace load
}  // namespace sheaf

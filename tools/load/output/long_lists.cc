#include "tools/load/output/long_lists.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugin/codec/stored_key.h"
#include "rocksdb/iterator.h"
#include "rocksdb/sst_file_reader.h"
#include "sheaf/pinnable.h"
#include "tools/common/interrupt.h"
#include "tools/common/text.h"

namespace sheaf {
namespace load {
namespace {

using internal::StoredKey;

absl::Status WroteMeanwhile(const Database& database) {
  return absl::AbortedError(absl::StrCat(
      database.path(), ": another process wrote to the DB meanwhile; run the load again"));
}

// Calls `f(key, position, blob)` for pages of `files` in order; after the page of a list for which
// it returns false, goes to the next list.
using PageFunction = std::function<absl::StatusOr<bool>(const std::string& key, uint64_t position,
                                                        std::string_view blob)>;
absl::Status ForPages(const Database& database, const std::vector<std::string>& files,
                      bool only_values, const PageFunction& f) {
  rocksdb::ReadOptions read;
  read.total_order_seek = true;
  read.fill_cache = false;
  std::string key;
  for (const std::string& file : files) {
    rocksdb::SstFileReader reader(database.options());
    const rocksdb::Status status = reader.Open(file);
    if (!status.ok()) return absl::InternalError(absl::StrCat(file, ": ", status.ToString()));
    const auto properties = reader.GetTableProperties();
    if (only_values && properties->num_merge_operands == properties->num_entries) continue;
    const std::unique_ptr<rocksdb::Iterator> at(reader.NewIterator(read));
    for (at->SeekToFirst(); at->Valid();) {
      if (absl::Status interrupted = CheckInterrupt(); !interrupted.ok()) return interrupted;
      uint64_t position = 0;
      if (!StoredKey::Parse(at->key().ToStringView(), &key, &position)) {
        return absl::InternalError(absl::StrCat(file, ": a key that is not that of a page"));
      }
      const absl::StatusOr<bool> goes_on = f(key, position, at->value().ToStringView());
      if (!goes_on.ok()) return goes_on.status();
      if (*goes_on || position == StoredKey::kOpen) {
        at->Next();
      } else {
        at->Seek(StoredKey::UpperBound(key));
      }
    }
    if (!at->status().ok()) {
      return absl::InternalError(absl::StrCat(file, ": ", at->status().ToString()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<LongLists>> LongLists::Open(const OpenedDatabase& opened,
                                                           Layout layout) {
  LongStoreOptions options;
  options.layout = layout;
  options.seal_in_background = false;
  options.read_only = true;
  std::unique_ptr<LongStore> store;
  const rocksdb::Status status = LongStore::Open(opened.db(), opened.family(), options, &store);
  if (!status.ok()) return absl::FailedPreconditionError(status.ToString());
  return std::unique_ptr<LongLists>(new LongLists(opened, std::move(store)));
}

absl::StatusOr<std::optional<LongListEnd>> LongLists::Find(std::string_view key) const {
  const rocksdb::Slice slice(key.data(), key.size());
  uint64_t first = 0;
  uint64_t end = 0;
  rocksdb::Status status = store_->Bounds(rocksdb::ReadOptions(), slice, &first, &end);
  if (status.IsNotFound()) return std::nullopt;
  LongListEnd found;
  rocksdb::PinnableSlice open;
  if (status.ok()) {
    status = opened_.db()->Get(rocksdb::ReadOptions(), opened_.family(),
                               std::string(StoredKey(key).Open()), &open);
    found.has_open = status.ok();
    if (status.IsNotFound()) status = rocksdb::Status::OK();
  }
  absl::Status parsed;
  if (status.ok() && found.has_open) {
    absl::StatusOr<PinnedBlob> blob = FromPinnable(std::move(open), store_->layout());
    parsed = blob.status();
    if (blob.ok()) found.open = *std::move(blob);
  }
  if (!status.ok() || !parsed.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "cannot append to the list of key ", Quoted(key), ": ",
        status.ok() ? parsed.ToString() : status.ToString(), ". `sheaf verify` names all faults"));
  }
  found.sealed_end = end - found.open.size();
  return found;
}

absl::Status CheckFollow(const Database& database, const OpenedDatabase& opened,
                         const std::vector<std::string>& files) {
  std::unique_ptr<LongLists> lists;
  std::string list;       // whose pages are looked at
  LongListEnd end;        // of that in the DB
  uint64_t compared = 0;  // values of its open page that the files have
  const auto page = [&](const std::string& key, uint64_t position,
                        std::string_view blob) -> absl::StatusOr<bool> {
    if (position == StoredKey::kOpen) return true;
    if (key != list) {
      if (compared != end.open.size()) return WroteMeanwhile(database);
      if (lists == nullptr) {
        auto made = LongLists::Open(opened, database.layout());
        if (!made.ok()) return made.status();
        lists = *std::move(made);
      }
      absl::StatusOr<std::optional<LongListEnd>> found = lists->Find(key);
      if (!found.ok()) return found.status();
      list = key;
      end = found->has_value() ? **std::move(found) : LongListEnd();
      compared = 0;
      if (position != end.sealed_end) return WroteMeanwhile(database);
    }
    if (compared == end.open.size()) return false;
    const absl::StatusOr<BlobView> view = BlobView::Parse(blob, database.layout());
    if (!view.ok()) return view.status();  // we wrote it
    const BlobView& open = end.open.view();
    if (view->size() > open.size() - compared ||
        !std::equal(view->begin(), view->end(), open.begin() + static_cast<ptrdiff_t>(compared))) {
      return WroteMeanwhile(database);
    }
    compared += view->size();
    return compared != open.size();
  };
  absl::Status status = ForPages(database, files, /*only_values=*/true, page);
  if (status.ok() && compared != end.open.size()) return WroteMeanwhile(database);
  return status;
}

absl::Status CheckNoLongList(const Database& database, const OpenedDatabase& opened,
                             const std::vector<std::string>& files) {
  rocksdb::ReadOptions read;
  read.total_order_seek = true;
  const std::unique_ptr<rocksdb::Iterator> ours(opened.db()->NewIterator(read, opened.family()));
  uint64_t count = 0;
  std::string first;
  std::string list;
  const auto page = [&](const std::string& key, uint64_t /*position*/,
                        std::string_view /*blob*/) -> absl::StatusOr<bool> {
    if (key == list) return false;
    list = key;
    ours->Seek(StoredKey::LowerBound(key));
    uint64_t position = 0;
    if (ours->Valid() && StoredKey(key).Has(ours->key().ToStringView(), &position) &&
        count++ == 0) {
      first = key;
    }
    if (ours->status().ok()) return false;
    return absl::InternalError(
        absl::StrCat(database.path(), ": cannot read the DB: ", ours->status().ToString()));
  };
  absl::Status status = ForPages(database, files, /*only_values=*/false, page);
  if (!status.ok() || count == 0) return status;
  return absl::AlreadyExistsError(absl::StrCat(
      database.path(), ": --create-only: key ", Quoted(first), " exists",
      count == 1 ? "" : absl::StrCat(", and ", Grouped(count - 1), " more of the input"),
      "; load with --mode append, or take the key out of the input"));
}

}  // namespace load
}  // namespace sheaf

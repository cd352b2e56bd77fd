// SheafReader: as ValueReader, through a Store.

#ifndef SHEAF_TOOLS_BENCH_SHEAF_READER_H_
#define SHEAF_TOOLS_BENCH_SHEAF_READER_H_

#include <memory>
#include <string>
#include <vector>

#include "sheaf/store.h"
#include "tools/bench/value_reader.h"

namespace sheaf {
namespace bench {

// What is visited of a list: only the last value, as Read/Sheaf.Open does, which says that the list
// is there, validated, and any value can be had; or all of them, as peers do.
enum class Look { kLast, kAll };

template <Look look>
class SheafReader {
 public:
  explicit SheafReader(ReadDb& db) : store_(db.StoreOf(Layout::kCompact)) {}

  template <typename Visit>
  rocksdb::Status Get(const rocksdb::Slice& key, Visit&& visit) {
    PinnedBlob list;
    rocksdb::Status s = store_.Get(options_, key, &list);
    if (s.ok()) VisitList(list.view(), visit);
    return s;
  }

  // Lists are held until all are visited.
  template <typename Visit>
  rocksdb::Status MultiGet(const Keys& keys, Visit&& visit) {
    lists_.resize(keys.size());
    statuses_.resize(keys.size());
    store_.MultiGet(options_, keys.size(), keys.data(), lists_.data(), statuses_.data());
    rocksdb::Status s;
    for (size_t i = 0; i < keys.size() && s.ok(); ++i) {
      s = statuses_[i];
      if (s.ok() && !lists_[i].zero_copy()) s = rocksdb::Status::Aborted("the list was copied");
      if (s.ok()) VisitList(lists_[i].view(), visit);
    }
    for (PinnedBlob& list : lists_) list.Reset();
    return s;
  }

  template <typename Visit>
  rocksdb::Status Scan(const Bounds& bounds, Visit&& visit) {
    const std::unique_ptr<Cursor> at = ScanOf(bounds);
    for (; at->Valid(); at->Next()) {
      benchmark::DoNotOptimize(at->key().data());
      VisitList(at->values(), visit);
    }
    return at->status();
  }

 protected:
  std::unique_ptr<Cursor> ScanOf(const Bounds& bounds) {
    return store_.Scan(options_, {bounds.begin.ToString(), bounds.end.ToString()});
  }

  template <typename Visit>
  static void VisitList(const BlobView& list, Visit&& visit) {
    if (look == Look::kAll) {
      list.ForEach(visit);
    } else if (!list.empty()) {
      visit(list[list.size() - 1]);
    }
  }

 private:
  Store& store_;
  const rocksdb::ReadOptions options_;
  std::vector<PinnedBlob> lists_;
  std::vector<rocksdb::Status> statuses_;
};

// Scans for one who keeps all lists: copies of them, until the scan is over.
template <Look look>
class SheafDetachReader : public SheafReader<look> {
 public:
  using SheafReader<look>::SheafReader;

  template <typename Visit>
  rocksdb::Status Scan(const Bounds& bounds, Visit&& visit) {
    std::vector<PinnedBlob> kept;
    const std::unique_ptr<Cursor> at = this->ScanOf(bounds);
    for (; at->Valid(); at->Next()) {
      benchmark::DoNotOptimize(at->key().data());
      kept.push_back(at->Detach());
      this->VisitList(kept.back().view(), visit);
    }
    return at->status();
  }
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_SHEAF_READER_H_

// LongLists: looks long lists up in a DB that a load goes into.
//
// What a load appends to a long list in sealed pages follows what is there: also what is in the
// open page, which the load seals with it. So what is there must be the same when the SSTs are
// ingested.
//
// Ownership: borrows the DB. Thread safety: immutable; from any thread.
//
//   absl::StatusOr<std::unique_ptr<LongLists>> lists = LongLists::Open(*opened, layout);
//   absl::StatusOr<std::optional<LongListEnd>> end = (*lists)->Find("user:7");
//   if (end.ok() && end->has_value()) position = (*end)->sealed_end;

#ifndef SHEAF_TOOLS_LOAD_OUTPUT_LONG_LISTS_H_
#define SHEAF_TOOLS_LOAD_OUTPUT_LONG_LISTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sheaf/layout.h"
#include "sheaf/long_store.h"
#include "sheaf/pinned_blob.h"
#include "tools/database/database.h"

namespace sheaf {
namespace load {

struct LongListEnd {
  uint64_t sealed_end = 0;  // the position behind its sealed pages
  bool has_open = false;    // it has an open page, be it empty
  PinnedBlob open;          // the values of that
};

class LongLists {
 public:
  // Errors: FailedPrecondition, with the reason of LongStore::Open.
  static absl::StatusOr<std::unique_ptr<LongLists>> Open(const OpenedDatabase& opened,
                                                         Layout layout);

  // Nothing if there is no list of `key`. Errors: FailedPrecondition, naming the key, if its end
  // cannot be read.
  absl::StatusOr<std::optional<LongListEnd>> Find(std::string_view key) const;

 private:
  LongLists(const OpenedDatabase& opened, std::unique_ptr<LongStore> store)
      : opened_(opened), store_(std::move(store)) {}

  const OpenedDatabase& opened_;
  const std::unique_ptr<LongStore> store_;
};

// That the sealed pages in `files`, SSTs in the order of ingestion, follow what `opened` has of
// their lists. Errors: Aborted if somebody wrote to one of the lists since they were written.
absl::Status CheckFollow(const Database& database, const OpenedDatabase& opened,
                         const std::vector<std::string>& files);

// That `opened` has no list of `files`. Errors: AlreadyExists, naming the first.
absl::Status CheckNoLongList(const Database& database, const OpenedDatabase& opened,
                             const std::vector<std::string>& files);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_OUTPUT_LONG_LISTS_H_

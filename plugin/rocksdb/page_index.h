// PageIndex: remembers where pages of long lists begin, so that most reads need no iterator.
//
// What it says of a page is a hint. Sealed pages keep their bytes, so a page that is found where it
// should begin, and has the position, is right, whatever has happened meanwhile. What it says of a
// list's bounds is right while the list's ListLock has the version that they were entered with.
//
// Memory: `max_bytes` at most. If that is full, some other list of the shard is forgotten.
// Thread safety: all of it.

#ifndef SHEAF_PLUGIN_ROCKSDB_PAGE_INDEX_H_
#define SHEAF_PLUGIN_ROCKSDB_PAGE_INDEX_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace sheaf {
namespace internal {

class PageIndex {
 public:
  // Consecutive positions: of a page's values, or of all that sealed pages hold.
  struct Range {
    uint64_t begin = 0;
    uint64_t end = 0;
  };

  explicit PageIndex(size_t max_bytes) : max_shard_bytes_(max_bytes / kShards) {}

  // The page of `key` that has, or had, the value at `position`.
  bool FindPage(uint64_t hash, std::string_view key, uint64_t position, Range* page) const;
  void AddPage(uint64_t hash, std::string_view key, const Range& page);

  // What sealed pages of `key` hold, if it is known for `version`.
  bool FindSealed(uint64_t hash, std::string_view key, uint64_t version, Range* sealed) const;
  void SetSealed(uint64_t hash, std::string_view key, uint64_t version, const Range& sealed);

 private:
  static constexpr size_t kShards = 16;
  static constexpr uint64_t kUnknown = 1;  // odd: no settled version

  struct List {
    uint64_t version = kUnknown;
    Range sealed;
    std::vector<Range> pages;  // in order, apart from each other
  };
  using Lists = absl::flat_hash_map<std::string, List>;
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    Lists lists;
    size_t bytes = 0;
  };

  // An entry, with what abseil's table leaves empty: after it has grown, 9 of 16 places.
  static constexpr size_t kListBytes = (sizeof(Lists::value_type) + 1) * 16 / 7 + 1;

  Shard& ShardOf(uint64_t hash) { return shards_[hash >> 60]; }
  const Shard& ShardOf(uint64_t hash) const { return shards_[hash >> 60]; }
  // The entry of `key`, made if need be, with room for one page more. Null if there is no room.
  List* Enter(Shard* shard, std::string_view key);
  static size_t BytesOf(const Lists::value_type& entry);

  const size_t max_shard_bytes_;
  std::array<Shard, kShards> shards_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_PAGE_INDEX_H_

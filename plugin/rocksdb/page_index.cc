#include "plugin/rocksdb/page_index.h"

#include <algorithm>

namespace sheaf {
namespace internal {
namespace {

// What malloc needs for itself and for rounding.
constexpr size_t kAllocationBytes = 24;

absl::string_view Text(std::string_view key) { return {key.data(), key.size()}; }

// The first of `pages` that ends behind `position`.
template <typename Pages>
auto FirstBehind(Pages& pages, uint64_t position) {
  return std::upper_bound(pages.begin(), pages.end(), position,
                          [](uint64_t at, const PageIndex::Range& page) { return at < page.end; });
}

}  // namespace

size_t PageIndex::BytesOf(const Lists::value_type& entry) {
  const size_t key = entry.first.capacity();
  const size_t pages = entry.second.pages.capacity() * sizeof(Range);
  return kListBytes + (key < sizeof(std::string) / 2 ? 0 : key + kAllocationBytes) +
         (pages == 0 ? 0 : pages + kAllocationBytes);
}

bool PageIndex::FindPage(uint64_t hash, std::string_view key, uint64_t position,
                         Range* page) const {
  const Shard& shard = ShardOf(hash);
  const std::lock_guard<std::mutex> lock(shard.mutex);
  const auto found = shard.lists.find(Text(key));
  if (found == shard.lists.end()) return false;
  const auto it = FirstBehind(found->second.pages, position);
  if (it == found->second.pages.end() || it->begin > position) return false;
  *page = *it;
  return true;
}

bool PageIndex::FindSealed(uint64_t hash, std::string_view key, uint64_t version,
                           Range* sealed) const {
  const Shard& shard = ShardOf(hash);
  const std::lock_guard<std::mutex> lock(shard.mutex);
  const auto found = shard.lists.find(Text(key));
  if (found == shard.lists.end() || found->second.version != version) return false;
  *sealed = found->second.sealed;
  return true;
}

PageIndex::List* PageIndex::Enter(Shard* shard, std::string_view key) {
  const size_t needed = kListBytes + key.size() + sizeof(Range) + 2 * kAllocationBytes;
  if (needed > max_shard_bytes_) return nullptr;
  auto found = shard->lists.find(Text(key));
  if (found == shard->lists.end()) {
    found = shard->lists.try_emplace(std::string(key)).first;
    shard->bytes += BytesOf(*found);
  }
  List& list = found->second;
  if (list.pages.size() == list.pages.capacity()) {
    shard->bytes -= BytesOf(*found);
    if (list.pages.size() * 2 * sizeof(Range) > max_shard_bytes_ / 2) {
      list.pages.clear();  // of a list that fills the shard by itself, some are as good as others
    } else {
      list.pages.reserve(std::max<size_t>(1, 2 * list.pages.size()));
    }
    shard->bytes += BytesOf(*found);
  }
  while (shard->bytes > max_shard_bytes_ && shard->lists.size() > 1) {
    auto other = shard->lists.begin();  // a random one
    if (other == found) ++other;
    shard->bytes -= BytesOf(*other);
    shard->lists.erase(other);
  }
  return &list;
}

void PageIndex::AddPage(uint64_t hash, std::string_view key, const Range& page) {
  if (page.begin >= page.end) return;
  Shard& shard = ShardOf(hash);
  const std::lock_guard<std::mutex> lock(shard.mutex);
  List* const list = Enter(&shard, key);
  if (list == nullptr) return;
  // Instead of those that it overlaps, which were of an older list or were trimmed.
  const auto first = FirstBehind(list->pages, page.begin);
  auto last = first;
  while (last != list->pages.end() && last->begin < page.end) ++last;
  if (last == first) {
    list->pages.insert(first, page);
  } else {
    *first = page;
    list->pages.erase(first + 1, last);
  }
}

void PageIndex::SetSealed(uint64_t hash, std::string_view key, uint64_t version,
                          const Range& sealed) {
  Shard& shard = ShardOf(hash);
  const std::lock_guard<std::mutex> lock(shard.mutex);
  List* const list = Enter(&shard, key);
  if (list == nullptr) return;
  list->version = version;
  list->sealed = sealed;
}

}  // namespace internal
}  // namespace sheaf

#include "tools/load/row_sort.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "tools/load/interrupt.h"
#include "tools/load/row_record.h"

namespace sheaf {
namespace load {
namespace {

constexpr uint64_t kMoreThanSeven = 8;

struct ByWindow {
  bool operator()(const IndexEntry& a, const IndexEntry& b) const {
    return a.window != b.window ? a.window < b.window : a.offset < b.offset;
  }
};

void MarkOneKey(IndexEntry* begin, IndexEntry* end) {
  begin->window = 1;
  for (IndexEntry* entry = begin + 1; entry < end; ++entry) entry->window = 0;
}

// Length of the prefix, of `depth` bytes at least, that all keys of the entries share.
size_t SharedPrefix(const IndexEntry* begin, const IndexEntry* end, const char* arena,
                    size_t depth) {
  const std::string_view first = RecordKey(arena + begin->offset);
  size_t shared = first.size();
  for (const IndexEntry* entry = begin + 1; entry < end && shared > depth; ++entry) {
    const std::string_view key = RecordKey(arena + entry->offset);
    shared = std::min(shared, key.size());
    size_t same = depth;
    while (same < shared && key[same] == first[same]) ++same;
    shared = same;
  }
  return shared;
}

// Sorts entries whose keys share `depth` bytes and whose windows begin there; marks keys.
void SortWindows(IndexEntry* begin, IndexEntry* end, const char* arena, size_t depth) {
  if (InterruptSignal() != 0) return;
  std::sort(begin, end, ByWindow());
  while (begin < end) {
    const uint64_t window = begin->window;
    IndexEntry* same = begin + 1;
    while (same < end && same->window == window) ++same;
    if ((window & 0xFF) != kMoreThanSeven || same - begin == 1) {
      MarkOneKey(begin, same);
    } else {
      // Sorted by offset now, so this reads the rows in the order of the memory.
      const size_t deeper = SharedPrefix(begin, same, arena, depth + 7);
      for (IndexEntry* entry = begin; entry < same; ++entry) {
        entry->window = KeyWindow(RecordKey(arena + entry->offset), deeper);
      }
      SortWindows(begin, same, arena, deeper);
    }
    begin = same;
  }
}

// Sorts and marks by any comparator.
void SortByComparator(IndexEntry* begin, IndexEntry* end, const char* arena,
                      const rocksdb::Comparator* comparator) {
  const auto compare = [&](const IndexEntry& a, const IndexEntry& b) {
    const std::string_view left = RecordKey(arena + a.offset);
    const std::string_view right = RecordKey(arena + b.offset);
    return comparator->Compare(rocksdb::Slice(left.data(), left.size()),
                               rocksdb::Slice(right.data(), right.size()));
  };
  std::sort(begin, end, [&](const IndexEntry& a, const IndexEntry& b) {
    const int order = compare(a, b);
    return order != 0 ? order < 0 : a.offset < b.offset;
  });
  while (begin < end) {
    IndexEntry* same = begin + 1;
    while (same < end && compare(*begin, *same) == 0) ++same;
    MarkOneKey(begin, same);
    begin = same;
  }
}

using Piece = std::pair<IndexEntry*, IndexEntry*>;

// Cuts the entries into pieces, each before the next in order, for threads to sort. Pieces of one
// window cannot be cut, so there may be fewer.
std::vector<Piece> Cut(IndexEntry* begin, IndexEntry* end, size_t pieces) {
  constexpr size_t kSamples = 255;
  if (pieces < 2 || static_cast<size_t>(end - begin) < 1000 * pieces) return {{begin, end}};
  std::vector<uint64_t> samples;
  const size_t step = static_cast<size_t>(end - begin) / kSamples;
  for (size_t i = 0; i < kSamples; ++i) samples.push_back(begin[i * step].window);
  std::sort(samples.begin(), samples.end());
  const uint64_t pivot = samples[kSamples / 2];
  IndexEntry* const middle =
      std::partition(begin, end, [pivot](const IndexEntry& entry) { return entry.window < pivot; });
  if (middle == begin || middle == end) return {{begin, end}};
  std::vector<Piece> cut = Cut(begin, middle, pieces / 2);
  const std::vector<Piece> upper = Cut(middle, end, pieces - pieces / 2);
  cut.insert(cut.end(), upper.begin(), upper.end());
  return cut;
}

}  // namespace

uint64_t KeyWindow(std::string_view key, size_t depth) {
  const size_t size = key.size() - depth;
  uint64_t window = 0;
  if (size >= 8) {
    std::memcpy(&window, key.data() + depth, 8);
    return (__builtin_bswap64(window) & ~uint64_t{0xFF}) | kMoreThanSeven;
  }
  for (size_t i = 0; i < size; ++i) {
    window |= uint64_t{static_cast<uint8_t>(key[depth + i])} << (56 - 8 * i);
  }
  return window | size;
}

absl::Status SortRows(IndexEntry* entries, size_t count, const char* arena, size_t depth,
                      const rocksdb::Comparator* comparator, int threads) {
  if (count == 0) return absl::OkStatus();
  IndexEntry* const end = entries + count;
  if (comparator != rocksdb::BytewiseComparator()) {
    SortByComparator(entries, end, arena, comparator);
    return CheckInterrupt();
  }
  // More pieces than threads, as pieces are of unequal size.
  const std::vector<Piece> pieces = Cut(entries, end, threads < 2 ? 1 : threads * 4u);
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i; (i = next.fetch_add(1)) < pieces.size();) {
      SortWindows(pieces[i].first, pieces[i].second, arena, depth);
    }
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads && static_cast<size_t>(i) < pieces.size(); ++i) {
    others.emplace_back(work);
  }
  work();
  for (std::thread& thread : others) thread.join();
  return CheckInterrupt();
}

}  // namespace load
}  // namespace sheaf

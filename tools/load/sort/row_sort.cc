#include "tools/load/sort/row_sort.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "tools/common/interrupt.h"
#include "tools/load/sort/row_record.h"

namespace sheaf {
namespace load {
namespace {

constexpr uint64_t kMoreThanSeven = 8;

struct ByWindow {
  bool operator()(const IndexEntry& a, const IndexEntry& b) const {
    return a.window != b.window ? a.window < b.window : a.place < b.place;
  }
};

// Length of the prefix, of `depth` bytes at least, that all keys of the entries share.
size_t SharedPrefix(const IndexEntry* begin, const IndexEntry* end, const char* arena,
                    size_t depth) {
  const std::string_view first = RecordKey(arena + begin->record());
  size_t shared = first.size();
  for (const IndexEntry* entry = begin + 1; entry < end && shared > depth; ++entry) {
    const std::string_view key = RecordKey(arena + entry->record());
    shared = std::min(shared, key.size());
    size_t same = depth;
    while (same < shared && key[same] == first[same]) ++same;
    shared = same;
  }
  return shared;
}

// Below this a comparison sort is faster than counting 2048 digits.
constexpr ptrdiff_t kFewEntries = 1024;

// Sorts by window; entries of one window keep their order, which is that of the input.
void RadixSort(IndexEntry* const begin, IndexEntry* const end, IndexEntry* const scratch) {
  const auto count = static_cast<size_t>(end - begin);
  uint32_t starts[8][256] = {};
  for (const IndexEntry* entry = begin; entry < end; ++entry) {
    for (int digit = 0; digit < 8; ++digit) ++starts[digit][entry->window >> 8 * digit & 0xFF];
  }
  IndexEntry* from = begin;
  IndexEntry* to = scratch;
  for (int digit = 0; digit < 8; ++digit) {
    uint32_t* const at = starts[digit];
    if (at[from->window >> 8 * digit & 0xFF] == count) continue;  // all the same
    uint32_t sum = 0;
    for (int i = 0; i < 256; ++i) sum += std::exchange(at[i], sum);
    for (size_t i = 0; i < count; ++i) to[at[from[i].window >> 8 * digit & 0xFF]++] = from[i];
    std::swap(from, to);
  }
  if (from != begin) std::copy(from, from + count, begin);
}

// Sorts by whole keys.
void SortByComparator(IndexEntry* begin, IndexEntry* end, const char* arena, const KeyOrder& order,
                      uint64_t* reads) {
  const auto compare = [&](const IndexEntry& a, const IndexEntry& b) {
    *reads += 2;
    return order.Compare(RecordKey(arena + a.record()), RecordKey(arena + b.record()));
  };
  std::sort(begin, end, [&](const IndexEntry& a, const IndexEntry& b) {
    const int compared = compare(a, b);
    return compared != 0 ? compared < 0 : a.place < b.place;
  });
}

// Keys that are still equal behind so many windows are compared as a whole: where each key begins
// with the one before, every window parts but one key from the others.
constexpr int kMaxWindows = 8;

// Sorts entries whose keys share `depth` bytes and whose windows, of `max`, begin there.
void SortWindows(IndexEntry* begin, IndexEntry* end, IndexEntry* scratch, const char* arena,
                 size_t depth, int max, const KeyOrder& order, uint64_t* reads) {
  if (InterruptSignal() != 0) return;
  if (end - begin < kFewEntries || end - begin > ptrdiff_t{0xFFFFFFFF}) {
    std::sort(begin, end, ByWindow());
  } else {
    RadixSort(begin, end, scratch);
  }
  while (begin < end) {
    const uint64_t window = begin->window;
    IndexEntry* same = begin + 1;
    while (same < end && same->window == window) ++same;
    if ((window & 0xFF) == kMoreThanSeven && same - begin > 1) {
      if (max == 1) {
        SortByComparator(begin, same, arena, order, reads);
      } else {
        *reads += 2 * static_cast<uint64_t>(same - begin);
        // Sorted by offset now, so this reads the rows in the order of the memory.
        const size_t deeper = SharedPrefix(begin, same, arena, depth + 7);
        for (IndexEntry* entry = begin; entry < same; ++entry) {
          entry->window = KeyWindow(RecordKey(arena + entry->record()), deeper);
        }
        SortWindows(begin, same, scratch, arena, deeper, max - 1, order, reads);
      }
    }
    begin = same;
  }
}

}  // namespace

uint64_t EightBytes(std::string_view key, size_t depth) {
  uint64_t bytes = 0;
  const size_t size = key.size() - depth;
  if (size >= 8) {
    std::memcpy(&bytes, key.data() + depth, 8);
    return __builtin_bswap64(bytes);
  }
  for (size_t i = 0; i < size; ++i) {
    bytes |= uint64_t{static_cast<uint8_t>(key[depth + i])} << (56 - 8 * i);
  }
  return bytes;
}

uint64_t KeyWindow(std::string_view key, size_t depth) {
  const size_t size = key.size() - depth;
  return (EightBytes(key, depth) & ~uint64_t{0xFF}) | std::min<size_t>(size, kMoreThanSeven);
}

absl::Status SortRows(IndexEntry* entries, uint64_t count, IndexEntry* scratch, const char* arena,
                      size_t depth, const KeyOrder& order, uint64_t* reads) {
  if (count == 0) return absl::OkStatus();
  if (order.bytewise()) {
    SortWindows(entries, entries + count, scratch, arena, depth, kMaxWindows, order, reads);
  } else {
    SortByComparator(entries, entries + count, arena, order, reads);
  }
  return CheckInterrupt();
}

}  // namespace load
}  // namespace sheaf

// StoreStats: what the reads of a Store did, and what their blocks hold right now.
//
// A snapshot: plain numbers, copied out of counters that go on. Each thread has counters of its
// own, so the fields of one snapshot may be a few operations apart.

#ifndef SHEAF_STORE_STATS_H_
#define SHEAF_STORE_STATS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace sheaf {

// Why the bytes of a list were copied out of RocksDB instead of pinned.
enum class CopyReason : uint8_t {
  // The list was in a memtable, whose memory is not counted.
  kMemtable,
  // Operands were pending: the merge operator wrote the list for this read.
  kMerge,
  // The block was not in a cache to be pinned there: no block cache, or ReadOptions::fill_cache
  // false.
  kUncached,
  // DBOptions::allow_mmap_reads: mapped pages go when the DB is closed.
  kMmap,
  // The table format does not pin values (PlainTable, CuckooTable, ...), or hides what cache it
  // pins them in (AdaptiveTable).
  kTableFormat,
  // RocksDB did pin it, but that pin could not have outlived the DB: a blob cache charged against
  // the block cache is owned by the DB.
  kPinDiesWithDb,
  // The row cache could not be trusted, so an iterator read the list past it: an SST has range
  // deletions, keys have user-defined timestamps, or the DB is opened read-only.
  kRowCache,
  // StoreOptions::copy_reads, or SHEAF_COPY_READS in the environment: RocksDB pinned it, and Sheaf
  // copied it, so that a memory checker sees views that are used too late.
  kCopyReads,
};
// The number of CopyReasons.
constexpr size_t kCopyReasons = 8;

// "memtable", "merge", "uncached", "mmap", "table format", "pin dies with DB", "row cache",
// "copy_reads".
const char* CopyReasonName(CopyReason reason);

struct StoreStats {
  // Lists looked up by Get, GetLast, GetSegments and MultiGet, found or not.
  uint64_t reads = 0;
  uint64_t not_found = 0;
  // Lists found that did not decode: Corruption.
  uint64_t corrupt = 0;
  // Reads that RocksDB itself failed: an IOError, a timeout, ...
  uint64_t failed = 0;
  // Lists whose bytes are RocksDB's own.
  uint64_t zero_copy_reads = 0;
  // Lists that Get, GetLast and MultiGet read from a file and pinned, but that are larger than a
  // shard of the LRU cache, which drops them as soon as no pin is held: so the next read goes to
  // the file again. (A read while another pin is held counts too.) See docs/guide.md, "What a pin
  // costs".
  uint64_t reads_not_kept = 0;
  // Lists that RocksDB or Sheaf copied, and their bytes, by CopyReason.
  std::array<uint64_t, kCopyReasons> copied_reads = {};
  std::array<uint64_t, kCopyReasons> copied_bytes = {};

  // Pending operands that reads merged, and the max of one read. Each read of a list merges all of
  // them again, until a compaction does (docs/guide.md, "Operands that are pending").
  uint64_t operands_merged = 0;
  uint64_t operands_merged_peak = 0;

  // Segments that Store::GetSegments pinned to the DB and that are held now. While there are any,
  // Store::Close() is Busy.
  uint64_t segments_pinned = 0;
  // Cursors of Store::Scan that are not destroyed yet. While there are any, Store::Close() is Busy.
  uint64_t cursors_open = 0;

  // Blocks that some PinnedBlob or PinnedSlice holds now, and the bytes of their blobs. The memory
  // that is held may be more, as a blob pins the whole cache entry that it lies in. The segments of
  // one GetSegments count as one block until the last of them goes: RocksDB releases all or none.
  uint64_t blocks_pinned = 0;
  uint64_t bytes_pinned = 0;

  // The max of those two since the Store was opened, each of its own moment. Never too high. Exact
  // while one thread reads. While n threads read, they may miss a peak that lasts less than 64 * n
  // reads of each, and be too low by up to n 64ths.
  uint64_t blocks_pinned_peak = 0;
  uint64_t bytes_pinned_peak = 0;

  // The lists that were copied for one reason, and their bytes.
  uint64_t copied_reads_for(CopyReason reason) const {
    return copied_reads[static_cast<size_t>(reason)];
  }
  uint64_t copied_bytes_for(CopyReason reason) const {
    return copied_bytes[static_cast<size_t>(reason)];
  }

  // One line for a log: "reads=3 not_found=0 ... copied{memtable}=1/120B ...".
  std::string ToString() const;
};

}  // namespace sheaf

#endif  // SHEAF_STORE_STATS_H_

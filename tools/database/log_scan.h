// LogScan: checks whether a write-ahead log of RocksDB can be read to its end. A MANIFEST has the
// same format.
//
// RocksDB reads a log up to the first record that it cannot read and, in its default mode, takes
// that place for the end. After a crash this is right: the last record was not written completely.
// If records follow, or if a complete record has a wrong checksum, bytes were damaged. What follows
// them is lost once RocksDB has opened the DB for writing.
//
// The format is RocksDB's. A log has blocks of 32 KiB. A record has a checksum, a length, a type
// and, if the log may be recycled (`recycle_log_file_num`), the number of the log. After the end of
// a recycled log there may be records of an older log, which are not damage.
//
// Thread safety: a free function.
//
//   absl::StatusOr<LogScan> scan = ScanLog("lists.db/000004.log", 4, size);
//   if (scan->damage.has_value()) ...

#ifndef SHEAF_TOOLS_DATABASE_LOG_SCAN_H_
#define SHEAF_TOOLS_DATABASE_LOG_SCAN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace sheaf {
namespace load {

struct LogDamage {
  uint64_t offset = 0;  // of the record that cannot be read
  uint64_t bytes = 0;   // from there to the end of the log
  std::string reason;
};

struct LogScan {
  // The number of records that can be read, from the front on. Each is one write batch; in a
  // MANIFEST, one version edit.
  uint64_t records = 0;
  // If the log ends within a record, as after a crash, or with bytes of an older log: the offset of
  // that place.
  std::optional<uint64_t> torn;
  std::optional<LogDamage> damage;
  // If there are only zeros after the last record, in space that was preallocated: their offset.
  std::optional<uint64_t> room;
  // May have records of an older log after its end (`recycle_log_file_num`).
  bool is_recyclable = false;
};

// Reads the first `size` bytes of file `path`, log number `number`. Errors: Internal if the file
// cannot be read.
absl::StatusOr<LogScan> ScanLog(const std::string& path, uint64_t number, uint64_t size);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_LOG_SCAN_H_

// LogScan: whether a log (write-ahead log) of RocksDB can be read to its end. A MANIFEST has the
// same format.
//
// RocksDB reads a log up to the first record that it cannot read and, in its default mode, takes
// that place for the end. After a crash it is: the last record was not written completely. Where
// records follow, or where a complete record has a wrong checksum, bytes were damaged, and what is
// behind them is lost once RocksDB has opened the DB for writing.
//
// The format of a log is RocksDB's: blocks of 32 KiB; records of checksum, length, type and, if the
// log may be one that is written anew (`recycle_log_file_num`), its number. Behind the end of such
// a log there may be records of before, which are no damage.
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
  // Records that can be read from the front on, each of which is one write batch; in a MANIFEST,
  // one version edit.
  uint64_t records = 0;
  // Ends within a record, as after a crash, or with bytes of a log of before. The offset of it.
  std::optional<uint64_t> torn;
  std::optional<LogDamage> damage;
  // Behind the last record there are zeros up to the end, room that was reserved. The offset.
  std::optional<uint64_t> room;
  // May have records of a log of before behind its end (`recycle_log_file_num`).
  bool is_recyclable = false;
};

// Reads the first `size` bytes of file `path`, log number `number`. Errors: Internal if the file
// cannot be read.
absl::StatusOr<LogScan> ScanLog(const std::string& path, uint64_t number, uint64_t size);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_LOG_SCAN_H_

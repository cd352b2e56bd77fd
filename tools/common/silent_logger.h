// SilentLogger: a RocksDB logger that logs nothing.
//
// A command that reads must not write a LOG into the DB, and RocksDB's own logger fails an
// assertion if the disk is full. The tool prints its messages on stderr.
//
// Thread safety: as rocksdb::Logger.
//
//   options.info_log = std::make_shared<SilentLogger>();

#ifndef SHEAF_TOOLS_COMMON_SILENT_LOGGER_H_
#define SHEAF_TOOLS_COMMON_SILENT_LOGGER_H_

#include "rocksdb/env.h"

namespace sheaf {
namespace load {

class SilentLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_SILENT_LOGGER_H_

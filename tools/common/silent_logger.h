// SilentLogger: a RocksDB logger that logs nothing.
//
// Reading a DB must not write a LOG into it. Also, RocksDB's own logger ends the process with an
// assertion if the disk is full. The tool writes its messages to stderr.
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

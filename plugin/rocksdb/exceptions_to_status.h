// ExceptionsToStatus: runs code that RocksDB calls. It must not throw, as an exception in one of
// RocksDB's threads ends the process.

#ifndef SHEAF_PLUGIN_ROCKSDB_EXCEPTIONS_TO_STATUS_H_
#define SHEAF_PLUGIN_ROCKSDB_EXCEPTIONS_TO_STATUS_H_

#include <exception>

#include "rocksdb/status.h"

namespace sheaf {
namespace internal {

// Returns the Status that `f` returns, or MemoryLimit if it throws: without a message, which would
// need memory.
template <typename F>
rocksdb::Status ExceptionsToStatus(F&& f) {
  try {
    return f();
  } catch (const std::exception&) {  // std::bad_alloc, std::length_error
    return rocksdb::Status::MemoryLimit();
  }
}

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_EXCEPTIONS_TO_STATUS_H_

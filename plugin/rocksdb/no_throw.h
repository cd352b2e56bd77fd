// NoThrow: what RocksDB calls must not throw: an exception in one of its threads ends the process.

#ifndef SHEAF_PLUGIN_ROCKSDB_NO_THROW_H_
#define SHEAF_PLUGIN_ROCKSDB_NO_THROW_H_

#include <exception>

#include "rocksdb/status.h"

namespace sheaf {
namespace internal {

// What `f` returns, a Status; MemoryLimit if it throws. That has no message, as it would need
// memory.
template <typename F>
rocksdb::Status NoThrow(F&& f) {
  try {
    return f();
  } catch (const std::exception&) {  // std::bad_alloc, std::length_error
    return rocksdb::Status::MemoryLimit();
  }
}

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_NO_THROW_H_

// Where releases of RocksDB differ, from 7.8 to 11.

#ifndef SHEAF_PLUGIN_ROCKSDB_COMPAT_H_
#define SHEAF_PLUGIN_ROCKSDB_COMPAT_H_

#include "rocksdb/cache.h"
#include "rocksdb/version.h"

// class Cache moved out of cache.h in 8.2.
#if __has_include("rocksdb/advanced_cache.h")
#include "rocksdb/advanced_cache.h"
#endif

#endif  // SHEAF_PLUGIN_ROCKSDB_COMPAT_H_

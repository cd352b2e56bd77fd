// The plugin: Sheaf's objects by name, for options strings and OPTIONS files.
//
// RocksDB's object registry then knows these names:
//     MergeOperator                    sheaf.append   see AppendOptions   (sheaf/append_operator.h)
//     TablePropertiesCollectorFactory  sheaf.stats    option `layout`     (below)
//     SstPartitionerFactory            sheaf.pages    for long lists      (sheaf/long_store.h)
//
// There are three ways to register:
//   - the application calls RegisterPlugin() once, before it opens a DB whose OPTIONS name them;
//   - RocksDB is built with `ROCKSDB_PLUGINS=sheaf`;
//   - a program loads libsheaf_plugin.so, which registers by itself:
//         LD_PRELOAD=/path/to/libsheaf_plugin.so ldb --try_load_options --db=D scan
//     If the loader does not find that path, the program runs on without the plugin.
//
// WARNING: when RocksDB loads options, by default it silently leaves out what is not registered. If
// DB::Open then opens the DB without its merge operator, it drops operands that are only in its log
// (docs/guide.md). So set ConfigOptions::ignore_unsupported_options to false, and open the DB with
// sheaf::OpenDB (sheaf/open_db.h), which refuses such options.

#ifndef SHEAF_PLUGIN_H_
#define SHEAF_PLUGIN_H_

#include <cstdint>
#include <memory>
#include <string>

#include "rocksdb/table_properties.h"
#include "rocksdb/utilities/object_registry.h"
#include "sheaf/layout.h"

// The registrar: adds Sheaf's factories to `library` and returns how many. `arg` is not used.
extern "C" int sheaf_register(rocksdb::ObjectLibrary& library, const std::string& arg);

namespace sheaf {

// Registers with RocksDB's default object library. Thread-safe; further calls do nothing.
void RegisterPlugin();

// The name of the collector in OPTIONS.
constexpr char kStatsCollectorName[] = "sheaf.stats";

// Counts blobs, values and bytes of each SST into its user-collected properties. `layout` is that
// of the column family's base values.
//
//   options.table_properties_collector_factories.push_back(sheaf::NewStatsCollectorFactory());
[[nodiscard]] std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> NewStatsCollectorFactory(
    Layout layout = Layout::kCompact);

// Properties of an SST. Values are decimal numbers, except those of histograms. An operand counts
// like a blob. An entry that was deleted or overwritten counts until a compaction drops it.
constexpr char kBlobsProperty[] = "sheaf.blobs";
constexpr char kValuesProperty[] = "sheaf.values";
constexpr char kBytesProperty[] = "sheaf.bytes";  // of values, without headers
// Operands that are edits. A batch is one of them, and the blobs in it count above.
constexpr char kEditsProperty[] = "sheaf.edits";
// Entries that are neither.
constexpr char kUndecodableProperty[] = "sheaf.undecodable";
// Entries whose value lies in a blob file and was not looked at.
constexpr char kReferencesProperty[] = "sheaf.references";
// Different keys, of entries of any kind.
constexpr char kKeysProperty[] = "sheaf.keys";
// Bytes of blobs, with their headers.
constexpr char kEncodedBytesProperty[] = "sheaf.encoded_bytes";
// Two histograms: of the number of values in a blob, and of the number of bytes in a value. The
// text is "MIN-MAX BITS:COUNT BITS:COUNT ...", or "" if nothing was counted. Bucket BITS counts the
// numbers that have as many bits (0: 0; 1: 1; 2: 2 to 3; 3: 4 to 7; ...); empty buckets are left
// out. "25-75 5:70 6:6000 7:3930": 10,000 values of 25 to 75 bytes, 70 of them of 16 to 31.
constexpr char kValuesPerBlobProperty[] = "sheaf.values_per_blob";
constexpr char kBytesPerValueProperty[] = "sheaf.bytes_per_value";

}  // namespace sheaf

#endif  // SHEAF_PLUGIN_H_

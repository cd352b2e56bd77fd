// The plugin: Sheaf's objects by name, for options strings and OPTIONS files.
//
// After registration these names are known to RocksDB's object registry:
//   MergeOperator                    sheaf.append   see AppendOptions   (sheaf/append_operator.h)
//   TablePropertiesCollectorFactory  sheaf.stats    option `layout`     (below)
//
// An application calls RegisterPlugin() once, before it opens a DB whose OPTIONS name them. Other
// ways: `ROCKSDB_PLUGINS=sheaf` when RocksDB is built, or loading libsheaf_plugin.so, which calls
// the registrar by itself: LD_PRELOAD=/path/to/libsheaf_plugin.so ldb --try_load_options --db=D
// scan (With a name that the loader does not find, the program runs on without the plugin.)
//
// WARNING: by default RocksDB leaves out what is not registered, without a word, and a DB that is
// opened without its merge operator drops operands that are only in its log (docs/guide.md). Where
// options are loaded, set ConfigOptions::ignore_unsupported_options to false.

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

// Registers with RocksDB's default object library, once however often it is called. Thread-safe.
void RegisterPlugin();

constexpr char kStatsCollectorName[] = "sheaf.stats";

// Counts blobs, values and bytes of each SST into its user-collected properties. `layout` is that
// of the column family's base values.
//
//   options.table_properties_collector_factories.push_back(sheaf::NewStatsCollectorFactory());
std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> NewStatsCollectorFactory(
    Layout layout = Layout::kCompact);

// Properties of an SST. Values are decimal numbers, but for histograms. An operand counts like a
// blob; a deleted or overwritten entry that compaction has not dropped yet counts too.
constexpr char kBlobsProperty[] = "sheaf.blobs";
constexpr char kValuesProperty[] = "sheaf.values";
constexpr char kBytesProperty[] = "sheaf.bytes";  // of values, without headers
// Operands that are edits: a batch is one, and the blobs in it count above.
constexpr char kEditsProperty[] = "sheaf.edits";
// Entries that are neither, and entries whose value lies in a blob file and was not looked at.
constexpr char kUndecodableProperty[] = "sheaf.undecodable";
constexpr char kReferencesProperty[] = "sheaf.references";
// Different keys, of entries of any kind.
constexpr char kKeysProperty[] = "sheaf.keys";
// Of blobs, with their headers.
constexpr char kEncodedBytesProperty[] = "sheaf.encoded_bytes";
// Histograms over buckets of powers of two, of how many values a blob has and of how many bytes a
// value has: "MIN-MAX BITS:COUNT BITS:COUNT ...". Bucket BITS is of the numbers that have as
// many bits (0: 0; 1: 1; 2: 2 to 3; 3: 4 to 7; ...); buckets without a count are left out. "" where
// nothing was counted. "25-75 5:70 6:6000 7:3930": 10,000 values of 25 to 75 bytes, 70 of them of
// 16 to 31.
constexpr char kValuesPerBlobProperty[] = "sheaf.values_per_blob";
constexpr char kBytesPerValueProperty[] = "sheaf.bytes_per_value";

}  // namespace sheaf

#endif  // SHEAF_PLUGIN_H_

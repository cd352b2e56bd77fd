// Overhead: what an encoding takes beyond the bytes of the values, for each value. Times nothing.
//
// `overhead_per_value` is of the encoded list, its key not counted; where a value has a place of
// its own (OneKey, Lmdb) it is of the files, keys and pages that are not full included.
// `disk_overhead_per_value` is of the files for all: SSTs, not compressed, or LMDB's pages.

#include <string>

#include "rocksdb/db.h"
#include "tools/bench/flat_buffers_format.h"
#include "tools/bench/join_format.h"
#include "tools/bench/lmdb_lists.h"
#include "tools/bench/one_key.h"
#include "tools/bench/protobuf_format.h"
#include "tools/bench/read_bench.h"
#include "tools/bench/sheaf_format.h"
#include "tools/bench/wide_columns.h"

namespace sheaf {
namespace bench {
namespace {

constexpr const char* kEncoded = "overhead_per_value";
constexpr const char* kOnDisk = "disk_overhead_per_value";

uint64_t BytesOf(const Values& values) {
  uint64_t bytes = 0;
  for (const std::string_view value : values) bytes += value.size();
  return bytes;
}

double PerValue(uint64_t taken, uint64_t bytes, uint64_t values) {
  return (static_cast<double>(taken) - static_cast<double>(bytes)) / static_cast<double>(values);
}

// Of the list under Key(0), encoded in `taken` bytes.
double OfEncoded(const ReadDb& db, uint64_t taken) {
  const Values& values = db.Model(0).values();
  return PerValue(taken, BytesOf(values), values.size());
}

// Of all lists, in files of `taken` bytes.
double OfFiles(const ReadDb& db, uint64_t taken) {
  uint64_t bytes = 0;
  for (size_t list = 0; list < db.lists(); ++list) bytes += BytesOf(db.Model(list).values());
  return PerValue(taken, bytes, db.lists() * db.shape().count);
}

double OfSsts(ReadDb& db, const Encoding& encoding) { return OfFiles(db, db.SstBytes(encoding)); }

template <typename Format>
void OfFormat(benchmark::State& state, ReadDb& db) {
  state.counters[kEncoded] = OfEncoded(db, Format::Encode(db.Model(0).values()).size());
  state.counters[kOnDisk] = OfSsts(db, kEncodingOf<Format>);
}

void OfWideColumns(benchmark::State& state, ReadDb& db) {
  rocksdb::PinnableWideColumns list;
  if (!Ok(state, db.db()->GetEntity({}, db.Family(kWideColumns), db.Key(0), &list))) return;
  state.counters[kEncoded] = OfEncoded(db, list.serialized_size());
  state.counters[kOnDisk] = OfSsts(db, kWideColumns);
}

void OfOneKey(benchmark::State& state, ReadDb& db) {
  state.counters[kEncoded] = state.counters[kOnDisk] = OfSsts(db, kOneKey);
}

template <typename Lists>
void OfLmdb(benchmark::State& state, ReadDb& db) {
  state.counters[kEncoded] = state.counters[kOnDisk] = OfFiles(db, db.Beside<Lists>().BytesUsed());
}

// Arrow is not among the packages of Debian 12: the columnar format's specification, without the
// padding of its buffers. An offset of 4 bytes for each value and one for the end, and a validity
// bitmap.
void OfArrow(benchmark::State& state, ReadDb& db) {
  const uint64_t count = db.shape().count;
  state.counters[kEncoded] = PerValue(4 * (count + 1) + (count + 7) / 8, 0, count);
  state.SetLabel("formula");
}

}  // namespace

void AddOverhead(const Shape& shape, size_t lists) {
  const auto add = [&](const char* name, ReadFunction function) {
    Add("Overhead", name, shape, lists,
        [function = std::move(function)](benchmark::State& state, ReadDb& db) {
          function(state, db);
          for (auto _ : state) {
          }
        })
        ->Iterations(1);
  };
  add("Sheaf", OfFormat<CompactFormat>);
  add("SheafFixed64", OfFormat<Fixed64Format>);
  add("Join", OfFormat<JoinFormat>);
  add("Protobuf", OfFormat<ProtobufFormat>);
  add("FlatBuffers", OfFormat<FlatBuffersFormat>);
  add("WideColumns", OfWideColumns);
  add("OneKey", OfOneKey);
  add("Arrow", OfArrow);
  if (FitsLmdb(shape)) add("Lmdb", OfLmdb<LmdbDupLists>);
  if (FitsLmdbFixed(shape)) add("LmdbFixed", OfLmdb<LmdbDupFixedLists>);
}

}  // namespace bench
}  // namespace sheaf

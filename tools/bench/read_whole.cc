// Peers with encodings of their own; each reads the list whole in the way that its users do.

#include "tools/bench/read_whole.h"

#include "tools/bench/flat_buffers_format.h"
#include "tools/bench/join_format.h"
#include "tools/bench/lmdb_lists.h"
#include "tools/bench/one_key.h"
#include "tools/bench/protobuf_format.h"
#include "tools/bench/value_reader.h"
#include "tools/bench/wide_columns.h"

namespace sheaf {
namespace bench {

void AddPeers(const Shape& shape) {
  Add("WideColumns.Get", shape, ReadWhole<WideColumnsReader>);
  Add("Join.Split", shape, ReadWhole<ValueReader<JoinFormat>>);
  Add("Protobuf.Parse", shape, ReadWhole<ValueReader<ProtobufFormat>>);
  Add("Protobuf.Reuse", shape, ReadWhole<ValueReader<ReusedProtobufFormat>>);
  Add("FlatBuffers.Verify", shape, ReadWhole<ValueReader<FlatBuffersFormat>>);
  Add("OneKey.Scan", shape, ReadWhole<OneKeyReader>);
  // Shapes with longer values than LMDB's limit have no result of it.
  if (FitsLmdb(shape)) Add("Lmdb.Dup", shape, ReadWhole<LmdbReader>);
  if (FitsLmdbFixed(shape)) Add("Lmdb.DupFixed", shape, ReadWhole<LmdbFixedReader>);
}

}  // namespace bench
}  // namespace sheaf

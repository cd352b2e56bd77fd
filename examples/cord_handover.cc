// Hands values to an interface that takes absl::Cord, without copying them: the Cord holds the
// block that RocksDB's cache has, and gives it back when it goes.
//
//   cord_handover NEW_DB

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/cord.h"
#include "rocksdb/db.h"
#include "sheaf/store.h"

namespace {

// Stands for somebody else's interface: joins parts into one message, as a protocol would.
absl::Cord Envelope(const std::vector<absl::Cord>& parts) {
  absl::Cord message;
  for (const absl::Cord& part : parts) {
    message.Append(part);
    message.Append("\n");
  }
  return message;
}

rocksdb::Status Run(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.error_if_exists = true;
  options.merge_operator = sheaf::NewAppendOperator();
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::Status s = sheaf::OpenDB(options, path, &db);
  if (!s.ok()) return s;
  std::unique_ptr<sheaf::Store> store;
  s = sheaf::Store::Open(db.get(), nullptr, {}, &store);
  if (!s.ok()) return s;
  s = store->Put({}, "letter", {std::string(40, 'a'), std::string(50, 'b'), "short"});
  if (s.ok()) s = db->Flush(rocksdb::FlushOptions());  // so that it can be pinned
  if (!s.ok()) return s;

  absl::Cord message;
  {
    sheaf::PinnedBlob letter;
    s = store->Get({}, "letter", &letter);
    if (!s.ok()) return s;
    std::vector<absl::Cord> parts;
    for (const sheaf::PinnedSlice& value : letter.Slices()) parts.push_back(value.ToCord());
    message = Envelope(parts);
  }
  std::printf("%zu bytes, %s, blocks pinned: %llu\n", message.size(),
              store->stats().zero_copy_reads == 1 ? "not copied" : "copied",
              static_cast<unsigned long long>(store->stats().blocks_pinned));
  message.Clear();
  std::printf("after: %llu\n", static_cast<unsigned long long>(store->stats().blocks_pinned));
  return rocksdb::Status::OK();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: cord_handover NEW_DB\n");
    return 2;
  }
  const rocksdb::Status s = Run(argv[1]);
  if (s.ok()) return 0;
  std::fprintf(stderr, "cord_handover: %s\n", s.ToString().c_str());
  return 1;
}

// A program that uses the codec and nothing else: it must not need RocksDB.

#include <cstdio>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "sheaf/blob_builder.h"
#include "sheaf/pinned_blob.h"

int main() {
  absl::StatusOr<std::string> blob = sheaf::Encode({"abc", "de"});
  if (!blob.ok()) return 1;
  const absl::StatusOr<sheaf::PinnedBlob> list = sheaf::PinnedBlob::FromString(*std::move(blob));
  if (!list.ok()) return 1;
  for (const std::string_view value : *list) {
    std::printf("%.*s\n", static_cast<int>(value.size()), value.data());
  }
  // A message that is formatted in the library.
  return sheaf::BlobView::Parse("\xB0\x01\x03").ok() ? 1 : 0;
}

// A program that uses the codec and nothing else: it must not need RocksDB.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "sheaf/big_endian.h"
#include "sheaf/blob_builder.h"
#include "sheaf/pinned_blob.h"
#include "sheaf/typed_list.h"

int main() {
  absl::StatusOr<std::string> blob = sheaf::Encode({"abc", "de"});
  if (!blob.ok()) return 1;
  const absl::StatusOr<sheaf::PinnedBlob> list = sheaf::PinnedBlob::FromString(*std::move(blob));
  if (!list.ok()) return 1;
  for (const std::string_view value : *list) {
    std::printf("%.*s\n", static_cast<int>(value.size()), value.data());
  }
  // What the headers call must be in the library.
  if (list->back() != *std::lower_bound(list->begin(), list->end(), "de")) return 1;
  const std::vector<uint64_t> ids = {7, 9};
  const absl::StatusOr<std::string> typed = sheaf::Encode(sheaf::AsValues(ids));
  const auto numbers = sheaf::TypedList<uint64_t>::FromView(sheaf::BlobView::Parse(*typed).value());
  if (!numbers.ok() || (*numbers)[1] != 9) return 1;
  if (sheaf::DecodeBigEndian<uint64_t>(sheaf::EncodeBigEndian(ids[0])).value() != 7) return 1;
  // A message that is formatted in the library.
  return sheaf::BlobView::Parse("\xB0\x01\x03").ok() ? 1 : 0;
}

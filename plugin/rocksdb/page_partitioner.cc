#include "plugin/rocksdb/page_partitioner.h"

#include <new>
#include <string_view>

#include "plugin/codec/stored_key.h"

namespace sheaf {
namespace internal {
namespace {

// The bytes of a stored key that are its list's, and whether it is an open page's. False for
// another key.
bool Split(const rocksdb::Slice& stored, std::string_view* list, bool* is_open) {
  constexpr size_t kPositionBytes = 8;
  if (stored.size() < kPositionBytes) return false;
  const std::string_view key = stored.ToStringView();
  *list = key.substr(0, key.size() - kPositionBytes);
  *is_open = key.substr(list->size()) == std::string_view("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8);
  return true;
}

}  // namespace

// Does not throw.
rocksdb::PartitionerResult PagePartitioner::ShouldPartition(
    const rocksdb::PartitionerRequest& request) {
  std::string_view before;
  std::string_view after;
  bool was_open = false;
  bool is_open = false;
  if (!Split(*request.prev_user_key, &before, &was_open) ||
      !Split(*request.current_user_key, &after, &is_open)) {
    return rocksdb::kNotRequired;
  }
  const uint64_t size = request.current_output_file_size;
  if (size < list_at_) list_at_ = 0;  // RocksDB began another SST by itself
  if (before == after) {
    if (is_open && !was_open && size - list_at_ >= kMinBytes) {
      list_at_ = 0;
      is_after_cut_ = true;
      return rocksdb::kRequired;
    }
    return rocksdb::kNotRequired;
  }
  if (is_after_cut_) {
    list_at_ = 0;
    is_after_cut_ = false;
    return rocksdb::kRequired;
  }
  list_at_ = size;
  return rocksdb::kNotRequired;
}

bool PagePartitioner::CanDoTrivialMove(const rocksdb::Slice& smallest,
                                       const rocksdb::Slice& largest) {
  std::string_view first;
  std::string_view last;
  bool begins_open = false;
  bool ends_open = false;
  return !Split(smallest, &first, &begins_open) || !Split(largest, &last, &ends_open) ||
         first != last || begins_open || !ends_open;
}

std::unique_ptr<rocksdb::SstPartitioner> PagePartitionerFactory::CreatePartitioner(
    const rocksdb::SstPartitioner::Context& /*context*/) const {
  return std::unique_ptr<rocksdb::SstPartitioner>(new (std::nothrow) PagePartitioner());
}

}  // namespace internal

std::shared_ptr<rocksdb::SstPartitionerFactory> NewPagePartitionerFactory() {
  return std::make_shared<internal::PagePartitionerFactory>();
}

}  // namespace sheaf

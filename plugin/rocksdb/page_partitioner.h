// PagePartitioner: where compactions cut SSTs that hold long lists (sheaf/long_store.h).
//
// An open page changes with each append, and the sealed pages before it never do. In one SST, a
// compaction that meets one append writes all of them again. So behind many sealed pages of a list
// an SST ends, and the next has the open page, to which the pages that are sealed next are added:
//
//     [ sealed sealed sealed ... ] [ sealed sealed open ] [ the next list ...
//       kMinBytes or more            written again          not written again
//
// Lists whose sealed pages are fewer share SSTs as they would otherwise.
//
// Thread safety: a partitioner is one compaction's, the factory immutable.

#ifndef SHEAF_PLUGIN_ROCKSDB_PAGE_PARTITIONER_H_
#define SHEAF_PLUGIN_ROCKSDB_PAGE_PARTITIONER_H_

#include <cstdint>
#include <memory>

#include "rocksdb/sst_partitioner.h"
#include "sheaf/long_store.h"

namespace sheaf {
namespace internal {

class PagePartitioner final : public rocksdb::SstPartitioner {
 public:
  // Of a list's sealed pages in one SST, before it is cut. So there are at most two SSTs more for
  // so many bytes.
  static constexpr uint64_t kMinBytes = 1 << 20;

  const char* Name() const override { return kPagePartitionerName; }
  rocksdb::PartitionerResult ShouldPartition(const rocksdb::PartitionerRequest& request) override;
  // False for an SST that has one list's sealed pages and its open page: moved as it is, it would
  // stay uncut.
  bool CanDoTrivialMove(const rocksdb::Slice& smallest, const rocksdb::Slice& largest) override;

 private:
  uint64_t list_at_ = 0;       // size of the SST where the list began in it
  bool is_after_cut_ = false;  // the SST began with the end of a list
};

class PagePartitionerFactory final : public rocksdb::SstPartitionerFactory {
 public:
  static const char* kClassName() { return kPagePartitionerName; }
  const char* Name() const override { return kClassName(); }
  // Null, which cuts nothing, if there is no memory.
  std::unique_ptr<rocksdb::SstPartitioner> CreatePartitioner(
      const rocksdb::SstPartitioner::Context& context) const override;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_PAGE_PARTITIONER_H_

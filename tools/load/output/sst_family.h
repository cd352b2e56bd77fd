// SstFamily: the name and number of a column family, for SSTs that are made before the family is
// open, or exists.
//
// Like the handle of an open DB, but it only tells SstFileWriter what to put into a file's
// properties. RocksDB's repairer throws SSTs away that name no column family. RocksDB refuses to
// ingest an SST into another family than the one it names.
//
// Thread safety: immutable.
//
//   SstFamily family("lists", 1, options.comparator);
//   rocksdb::SstFileWriter writer(env, options, &family);

#ifndef SHEAF_TOOLS_LOAD_OUTPUT_SST_FAMILY_H_
#define SHEAF_TOOLS_LOAD_OUTPUT_SST_FAMILY_H_

#include <cstdint>
#include <string>
#include <utility>

#include "rocksdb/comparator.h"
#include "rocksdb/db.h"

namespace sheaf {
namespace load {

class SstFamily final : public rocksdb::ColumnFamilyHandle {
 public:
  // `comparator` is borrowed.
  SstFamily(std::string name, uint32_t id, const rocksdb::Comparator* comparator)
      : name_(std::move(name)), id_(id), comparator_(comparator) {}

  const std::string& GetName() const override { return name_; }
  uint32_t GetID() const override { return id_; }
  rocksdb::Status GetDescriptor(rocksdb::ColumnFamilyDescriptor*) override {
    return rocksdb::Status::NotSupported("no open column family");
  }
  const rocksdb::Comparator* GetComparator() const override { return comparator_; }

 private:
  const std::string name_;
  const uint32_t id_;
  const rocksdb::Comparator* const comparator_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_OUTPUT_SST_FAMILY_H_

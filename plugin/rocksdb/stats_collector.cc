#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "plugin/codec/operand.h"
#include "plugin/rocksdb/exceptions_to_status.h"
#include "plugin/rocksdb/histogram.h"
#include "plugin/rocksdb/option_types.h"
#include "plugin/rocksdb/stats_collector_impl.h"
#include "sheaf/blob_view.h"
#include "sheaf/plugin.h"

namespace sheaf {
namespace internal {
namespace {

// Where memory runs out, the SST has no properties of ours, which readers know: never wrong ones.
class StatsCollector final : public rocksdb::TablePropertiesCollector {
 public:
  explicit StatsCollector(Layout layout) : layout_(layout) {}

  const char* Name() const override { return kStatsCollectorName; }

  rocksdb::Status AddUserKey(const rocksdb::Slice& key, const rocksdb::Slice& value,
                             rocksdb::EntryType type, rocksdb::SequenceNumber /*sequence*/,
                             uint64_t /*file_size*/) override {
    const rocksdb::Status s = ExceptionsToStatus([&] {
      Count(key, value, type);
      return rocksdb::Status::OK();
    });
    if (!s.ok()) is_complete_ = false;
    return s;
  }

  rocksdb::Status Finish(rocksdb::UserCollectedProperties* properties) override {
    rocksdb::Status s = rocksdb::Status::MemoryLimit();
    if (is_complete_) {
      s = ExceptionsToStatus([&] {
        *properties = Properties();
        return rocksdb::Status::OK();
      });
    }
    if (!s.ok()) properties->clear();
    return s;
  }

  rocksdb::UserCollectedProperties GetReadableProperties() const override {
    rocksdb::UserCollectedProperties properties;
    if (is_complete_) {
      ExceptionsToStatus([&] {
        properties = Properties();
        return rocksdb::Status::OK();
      }).PermitUncheckedError();
    }
    return properties;
  }

 private:
  rocksdb::UserCollectedProperties Properties() const {
    return {{kBlobsProperty, std::to_string(blobs_)},
            {kValuesProperty, std::to_string(values_)},
            {kBytesProperty, std::to_string(bytes_)},
            {kEditsProperty, std::to_string(edits_)},
            {kUndecodableProperty, std::to_string(undecodable_)},
            {kReferencesProperty, std::to_string(references_)},
            {kKeysProperty, std::to_string(keys_)},
            {kEncodedBytesProperty, std::to_string(encoded_bytes_)},
            {kValuesPerBlobProperty, values_per_blob_.ToText()},
            {kBytesPerValueProperty, bytes_per_value_.ToText()}};
  }

  void Count(const rocksdb::Slice& key, const rocksdb::Slice& value, rocksdb::EntryType type) {
    CountKey(key);
    switch (type) {
      case rocksdb::kEntryPut:
        if (!CountList(value, layout_)) ++undecodable_;
        break;
      case rocksdb::kEntryMerge:
        if (!CountList(value, Layout::kCompact)) CountEdits(value);
        break;
      case rocksdb::kEntryBlobIndex:
        ++references_;
        break;
      default:
        break;  // deletions hold no list
    }
  }

  // Entries of a key follow each other.
  void CountKey(const rocksdb::Slice& key) {
    if (keys_ != 0 && key == rocksdb::Slice(last_key_)) return;
    ++keys_;
    if (last_key_.size() != key.size()) last_key_.resize(key.size());
    std::memcpy(last_key_.data(), key.data(), key.size());
  }

  void AddList(const BlobView& list) {
    ++blobs_;
    values_ += list.size();
    bytes_ += list.contents().size();
    encoded_bytes_ += list.encoded().size();
    values_per_blob_.Add(list.size());
    bytes_per_value_.AddSizes(list);
  }

  bool CountList(const rocksdb::Slice& value, Layout layout) {
    const absl::StatusOr<BlobView> list = BlobView::Parse(value.ToStringView(), layout);
    if (list.ok()) AddList(*list);
    return list.ok();
  }

  void CountEdits(const rocksdb::Slice& operand) {
    std::vector<Edit> edits;
    if (!ParseOperand(operand.ToStringView(), &edits).ok()) {
      ++undecodable_;
      return;
    }
    ++edits_;
    for (const Edit& edit : edits) {
      if (edit.kind == Edit::Kind::kAppend) AddList(edit.values);
    }
  }

  const Layout layout_;
  bool is_complete_ = true;  // every entry was counted
  uint64_t blobs_ = 0;
  uint64_t values_ = 0;
  uint64_t bytes_ = 0;
  uint64_t edits_ = 0;
  uint64_t undecodable_ = 0;
  uint64_t references_ = 0;
  uint64_t keys_ = 0;
  std::string last_key_;
  uint64_t encoded_bytes_ = 0;
  Histogram values_per_blob_;
  Histogram bytes_per_value_;
};

// Stands in for a collector that there was no memory for, as RocksDB wants one: takes a place that
// was set aside. There are more places than RocksDB builds SSTs at a time.
class NoCollector final : public rocksdb::TablePropertiesCollector {
 public:
  static NoCollector* Get() {
    for (Place& place : Places()) {
      if (!place.taken.exchange(true)) return new (place.memory.data()) NoCollector;
    }
    std::abort();
  }
  static void* operator new(size_t /*size*/, void* at) { return at; }
  static void operator delete(void* collector) {
    for (Place& place : Places()) {
      if (place.memory.data() == collector) place.taken = false;
    }
  }

  const char* Name() const override { return kStatsCollectorName; }
  rocksdb::Status AddUserKey(const rocksdb::Slice&, const rocksdb::Slice&, rocksdb::EntryType,
                             rocksdb::SequenceNumber, uint64_t) override {
    return rocksdb::Status::OK();
  }
  rocksdb::Status Finish(rocksdb::UserCollectedProperties* /*properties*/) override {
    return rocksdb::Status::MemoryLimit();
  }
  rocksdb::UserCollectedProperties GetReadableProperties() const override { return {}; }

 private:
  struct Place {
    std::atomic<bool> taken;
    alignas(void*) std::array<char, sizeof(void*)> memory;
  };
  static std::array<Place, 1024>& Places() {
    static_assert(sizeof(NoCollector) == sizeof(void*), "it has no state");
    static std::array<Place, 1024> places;  // zeros
    return places;
  }
};

}  // namespace

StatsCollectorFactory::StatsCollectorFactory(Layout layout) : layout_(layout) {
  RegisterOptions("layout", &layout_, LayoutOption());
}

rocksdb::TablePropertiesCollector* StatsCollectorFactory::CreateTablePropertiesCollector(
    Context /*context*/) {
  rocksdb::TablePropertiesCollector* const collector = new (std::nothrow) StatsCollector(layout_);
  return collector != nullptr ? collector : NoCollector::Get();
}

}  // namespace internal

std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> NewStatsCollectorFactory(Layout layout) {
  return std::make_shared<internal::StatsCollectorFactory>(layout);
}

}  // namespace sheaf

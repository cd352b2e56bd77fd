#include "tools/sheaf/list_totals.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "rocksdb/comparator.h"
#include "rocksdb/metadata.h"
#include "rocksdb/table_properties.h"
#include "sheaf/plugin.h"
#include "tools/common/text.h"

namespace sheaf {
namespace tool {
namespace {

using Properties = rocksdb::UserCollectedProperties;

bool Find(const Properties& properties, const char* name, uint64_t* number) {
  const auto found = properties.find(name);
  if (found == properties.end()) return false;
  const std::string& text = found->second;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && stop == text.data() + text.size();
}

bool Find(const Properties& properties, const char* name, internal::Histogram* histogram) {
  const auto found = properties.find(name);
  return found != properties.end() && histogram->FromText(found->second);
}

// False if one of the properties is missing or not as plugin.h says.
bool Find(const Properties& properties, ListTotals* totals) {
  return Find(properties, kKeysProperty, &totals->keys) &&
         Find(properties, kValuesProperty, &totals->values) &&
         Find(properties, kBytesProperty, &totals->bytes) &&
         Find(properties, kEncodedBytesProperty, &totals->encoded_bytes) &&
         Find(properties, kUndecodableProperty, &totals->undecodable) &&
         Find(properties, kReferencesProperty, &totals->references) &&
         Find(properties, kValuesPerBlobProperty, &totals->values_per_key) &&
         Find(properties, kBytesPerValueProperty, &totals->bytes_per_value);
}

void AddTo(const ListTotals& part, ListTotals* totals) {
  totals->keys += part.keys;
  totals->values += part.values;
  totals->bytes += part.bytes;
  totals->encoded_bytes += part.encoded_bytes;
  totals->undecodable += part.undecodable;
  totals->references += part.references;
  totals->values_per_key.Add(part.values_per_key);
  totals->bytes_per_value.Add(part.bytes_per_value);
}

uint64_t IntProperty(ListDb& lists, const std::string& name) {
  uint64_t number = 0;
  return lists.db().GetIntProperty(lists.family(), name, &number) ? number : 0;
}

// How many SSTs have keys in a range that another one has keys in too.
uint64_t CountOverlapping(ListDb& lists) {
  rocksdb::ColumnFamilyHandle* const family = lists.family();
  const rocksdb::Comparator* const comparator = family->GetComparator();
  std::vector<rocksdb::LiveFileMetaData> files;
  lists.db().GetLiveFilesMetaData(&files);
  files.erase(std::remove_if(files.begin(), files.end(),
                             [&](const rocksdb::LiveFileMetaData& file) {
                               return file.column_family_name != family->GetName();
                             }),
              files.end());
  std::sort(files.begin(), files.end(), [&](const auto& a, const auto& b) {
    return comparator->Compare(a.smallestkey, b.smallestkey) < 0;
  });
  // Those that share keys with each other follow each other here.
  uint64_t overlapping = 0;
  for (size_t begin = 0, end = 0; begin < files.size(); begin = end) {
    rocksdb::Slice largest = files[begin].largestkey;
    for (end = begin + 1;
         end < files.size() && comparator->Compare(files[end].smallestkey, largest) <= 0; ++end) {
      if (comparator->Compare(files[end].largestkey, largest) > 0) largest = files[end].largestkey;
    }
    if (end - begin > 1) overlapping += end - begin;
  }
  return overlapping;
}

// "1 operand is", "2 operands are".
std::string Are(uint64_t count, const char* noun) {
  return absl::StrCat(load::Plural(count, noun), count == 1 ? " is" : " are");
}

}  // namespace

void ListTotals::Add(const BlobView& list) {
  ++keys;
  values += list.size();
  bytes += list.contents().size();
  encoded_bytes += list.encoded().size();
  values_per_key.Add(list.size());
  bytes_per_value.AddSizes(list);
}

rocksdb::Status TableStats::Read(ListDb& lists, TableStats* stats) {
  rocksdb::TablePropertiesCollection all;
  const rocksdb::Status status = lists.db().GetPropertiesOfAllTables(lists.family(), &all);
  if (!status.ok()) return status;
  uint64_t operands = 0;
  uint64_t deletions = 0;
  uint64_t repeated = 0;
  for (const auto& [file, properties] : all) {
    ++stats->tables;
    stats->scan_bytes += properties->raw_key_size + properties->raw_value_size;
    ListTotals totals;
    if (!Find(properties->user_collected_properties, &totals)) {
      ++stats->tables_without;
      continue;
    }
    operands += properties->num_merge_operands;
    deletions += properties->num_deletions;
    repeated += properties->num_entries - std::min(properties->num_entries, totals.keys);
    AddTo(totals, &stats->totals);
  }
  using P = rocksdb::DB::Properties;
  const uint64_t unflushed = IntProperty(lists, P::kNumEntriesActiveMemTable) +
                             IntProperty(lists, P::kNumEntriesImmMemTables);
  if (unflushed != 0) stats->scan_bytes += IntProperty(lists, P::kCurSizeAllMemTables);
  stats->scan_bytes += IntProperty(lists, P::kLiveBlobFileSize);

  ListTotals& totals = stats->totals;
  const auto because = [stats](auto&&... parts) {
    stats->reasons.push_back(absl::StrCat(parts...));
  };
  if (stats->tables_without != 0) {
    because(load::Grouped(stats->tables_without), " of ", load::Plural(stats->tables, "SST"),
            " without the properties of this version's sheaf.stats: not counted");
  }
  if (unflushed != 0) {
    because(unflushed == 1 ? "1 entry is" : absl::StrCat(load::Grouped(unflushed), " entries are"),
            " in the log and in no SST yet: not counted");
  }
  if (operands != 0) {
    because(Are(operands, "operand"), " pending: each is counted as a list, edits not at all");
  }
  if (deletions != 0) {
    because(Are(deletions, "deletion"), " not compacted yet: what they delete is counted");
  }
  if (repeated != 0) {
    because(Are(repeated, "older version"), " kept beside the newest in one SST: counted too");
  }
  if (const uint64_t overlapping = CountOverlapping(lists); overlapping != 0) {
    because(load::Plural(overlapping, "SST"),
            " with key ranges that overlap: a key that is in several is counted in each");
  }
  if (totals.references != 0) {
    because(Are(totals.references, "list"), " in blob files, which were not read: not counted");
  }
  // As RocksDB estimates: each deletion is a key of an SST, and deletes one.
  totals.keys -= std::min(totals.keys, 2 * deletions + totals.undecodable + totals.references);
  return rocksdb::Status::OK();
}

}  // namespace tool
}  // namespace sheaf

#include "tools/sheaf/page_totals.h"

#include "sheaf/blob_view.h"
#include "tools/sheaf/page_scan.h"

namespace sheaf {
namespace tool {
namespace {

constexpr uint64_t kBytesAProgress = uint64_t{1} << 20;

}  // namespace

rocksdb::Status CountPages(ListDb& lists, const std::optional<std::string>& key,
                           load::Progress* progress, ListTotals* totals, PageTotals* pages,
                           OperandDebt* debt) {
  pages->page_bytes = lists.page_bytes();
  uint64_t read = 0;
  uint64_t told = 0;
  uint64_t values = 0;  // of the list
  const auto end_list = [&] {
    if (totals->keys != 0) totals->values_per_key.Add(values);
    values = 0;
  };
  PageScan scan(lists,
                key.has_value() ? KeyRange{*key, *key + std::string(1, '\0')} : KeyRange::All());
  for (; scan.Valid(); scan.Next()) {
    read += scan.stored_key().size() + scan.value().size();
    if (read - told >= kBytesAProgress) {
      told = read;
      progress->At(read, 0);
    }
    if (!scan.is_page()) {
      ++totals->undecodable;
      continue;
    }
    debt->Add(scan.key(), scan.operands());
    if (scan.begins_list()) {
      end_list();
      ++totals->keys;
      pages->first = pages->end = scan.is_open() ? 0 : scan.position();
      pages->in_open = 0;
    }
    ++(scan.is_open() ? pages->open : pages->sealed);
    if (!scan.list().ok()) {
      ++totals->undecodable;
      continue;
    }
    const BlobView& page = *scan.list();
    values += page.size();
    totals->values += page.size();
    totals->bytes += page.contents().size();
    totals->encoded_bytes += page.encoded().size();
    totals->bytes_per_value.AddSizes(page);
    pages->bytes_per_page.Add(page.encoded().size());
    if (scan.is_open()) {
      pages->in_open = page.size();
      pages->end += page.size();
    } else {
      pages->end = scan.position() + page.size();
    }
  }
  end_list();
  return scan.status();
}

}  // namespace tool
}  // namespace sheaf

#include "tools/load/resume/journal_records.h"

#include <algorithm>
#include <iterator>
#include <utility>

#define XXH_INLINE_ALL
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tools/common/escapes.h"
#include "tools/common/text.h"
#include "xxhash.h"

namespace sheaf {
namespace load {
namespace {

// Of the header.
constexpr char kLoad[] = "load";
constexpr char kWhat[] = "what";
constexpr char kBegun[] = "begun";
constexpr char kVersion[] = "1";
constexpr size_t kIdDigits = 24;

std::string Hash(std::string_view text) {
  return absl::StrCat(absl::Hex(XXH3_64bits(text.data(), text.size()), absl::kZeroPad16));
}

bool ParseLine(std::string_view line, JournalRecord* record) {
  const size_t tab = line.find('\t');
  if (tab == std::string_view::npos || Hash(line.substr(tab + 1)) != line.substr(0, tab)) {
    return false;
  }
  record->clear();
  for (const absl::string_view field : absl::StrSplit(Abs(line.substr(tab + 1)), '\t')) {
    std::string bad;
    record->emplace_back();
    if (!Unescape(Std(field), &record->back(), &bad)) return false;
  }
  return true;
}

bool IsId(std::string_view id) {
  return id.size() == kIdDigits && id.find_first_not_of("0123456789abcdef") == id.npos;
}

bool IsOfHeader(std::string_view kind) { return kind == kLoad || kind == kWhat || kind == kBegun; }

absl::Status DamagedAt(const std::string& name, uint64_t offset, std::string_view what) {
  return absl::DataLossError(absl::StrCat(
      name, ": the record at offset ", offset, " ", Abs(what),
      ", so what this load did is not known. Look for one of its keys with `sheaf get`. If it was "
      "ingested, remove the folder of this journal; if not, load again without --resume"));
}

// `line` cannot be read; `rest` is behind it.
bool WasNeverWritten(std::string_view line, std::string_view rest, bool begun) {
  // Zeros are in no record: fields are escaped.
  if (line.find('\0') == line.npos) return false;
  JournalRecord record;
  for (size_t end; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1)) {
    if (!ParseLine(rest.substr(0, end), &record)) continue;
    if (begun ? !MayBeLost(record[0]) : !IsOfHeader(record[0])) return false;
  }
  return true;
}

}  // namespace

bool MayBeLost(std::string_view kind) {
  constexpr std::string_view kKinds[] = {kRunRecord, kPlanRecord, kNotSortedRecord, kDoneRecord};
  return std::find(std::begin(kKinds), std::end(kKinds), kind) != std::end(kKinds);
}

JournalContents ParseJournal(std::string_view bytes, const std::string& name) {
  JournalContents contents;
  for (size_t end; (end = bytes.find('\n', contents.whole)) != bytes.npos;
       contents.whole = end + 1) {
    const std::string_view line = bytes.substr(contents.whole, end - contents.whole);
    JournalRecord record;
    if (!ParseLine(line, &record)) {
      if (!WasNeverWritten(line, bytes.substr(end + 1), contents.begun)) {
        contents.damage = DamagedAt(name, contents.whole, "is damaged");
      }
      return contents;
    }
    const std::string& kind = record[0];
    if (contents.id.empty()) {
      if (kind != kLoad || record.size() != 3 || record[1] != kVersion || !IsId(record[2])) {
        contents.damage = absl::DataLossError(absl::StrCat(
            name, ": expected the journal of a load of this version of sheaf, found another"));
        return contents;
      }
      contents.id = record[2];
    } else if (kind == kWhat && !contents.begun && record.size() >= 3 && !record[1].empty()) {
      contents.what.emplace_back(record.begin() + 1, record.end());
    } else if (kind == kLoad || kind == kWhat || contents.what.empty()) {
      contents.damage = DamagedAt(name, contents.whole, "is not one that a load writes there");
      return contents;
    } else {
      contents.begun = true;
      if (kind != kBegun) contents.records.push_back(std::move(record));
    }
  }
  return contents;
}

std::string JournalLine(const JournalRecord& record) {
  std::string fields;
  for (const std::string& field : record) {
    if (!fields.empty()) fields += '\t';
    AppendEscaped(field, &fields);
  }
  return absl::StrCat(Hash(fields), "\t", fields, "\n");
}

std::string JournalHeader(const std::string& id, const std::vector<JournalRecord>& what) {
  std::string lines = JournalLine({kLoad, kVersion, id});
  for (JournalRecord record : what) {
    record.insert(record.begin(), kWhat);
    lines += JournalLine(record);
  }
  return lines + JournalLine({kBegun});
}

std::string DigestOf(const std::vector<JournalRecord>& what) {
  std::string lines;
  for (const JournalRecord& record : what) lines += JournalLine(record);
  return Hash(lines);
}

}  // namespace load
}  // namespace sheaf

#include "tools/bench/load_input.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "sheaf/blob_builder.h"
#include "tools/bench/child_process.h"
#include "tools/bench/load_check.h"
#include "tools/bench/mapped_file.h"
#include "tools/bench/sorted_rows.h"
#include "tools/bench/temp_folder.h"

namespace sheaf {
namespace bench {
namespace {

constexpr size_t kBuffer = size_t{1} << 20;

using Inputs = std::map<std::pair<uint64_t, RowKeys>, std::unique_ptr<LoadInput>>;

Inputs& All() {
  static auto* const all = new Inputs;
  return *all;
}

std::string& Base() {
  static auto* const base = new std::string;
  return *base;
}

std::string& FolderIfMade() {
  static auto* const folder = new std::string;
  return *folder;
}

uint32_t SizeAt(const char* at) {
  uint32_t size;
  std::memcpy(&size, at, sizeof size);
  return size;
}

void AppendSize(size_t size, std::string* out) {
  const auto size32 = static_cast<uint32_t>(size);
  out->append(reinterpret_cast<const char*>(&size32), sizeof size32);
}

void AppendList(std::string_view key, const std::string& blob, std::string* out) {
  AppendSize(key.size(), out);
  AppendSize(blob.size(), out);
  out->append(key).append(blob);
}

void AppendLine(std::string_view key, const std::string& blob, std::string* out) {
  out->append(key).append(" ==> 0x").append(absl::BytesToHexString(blob)).append("\n");
}

}  // namespace

void LoadInput::SetBase(const std::string& base) { Base() = base; }

const std::string& LoadInput::Folder() {
  std::string& folder = FolderIfMade();
  if (folder.empty()) folder = NewTempFolder("load_bench", Base());
  return folder;
}

void LoadInput::RemoveAll() {
  All().clear();
  std::error_code ignored;
  if (!FolderIfMade().empty()) std::filesystem::remove_all(FolderIfMade(), ignored);
  FolderIfMade().clear();
}

absl::StatusOr<LoadInput*> LoadInput::Of(const RowsSpec& spec) {
  std::unique_ptr<LoadInput>& input = All()[{spec.bytes, spec.keys}];
  if (input == nullptr) {
    const std::string path =
        absl::StrCat(Folder(), "/rows-", spec.bytes, static_cast<int>(spec.keys), "keys", ".tsv");
    absl::StatusOr<RowsModel> model = WriteRows(spec, path);
    if (!model.ok()) return model.status();
    input.reset(new LoadInput(path, *std::move(model)));
  }
  return input.get();
}

LoadInput::LoadInput(std::string rows, RowsModel model)
    : rows_(std::move(rows)), model_(std::move(model)) {}

absl::StatusOr<std::string> LoadInput::Sorted() {
  const std::string path = rows_ + ".sorted.tsv";
  if (has_sorted_) return path;
  const absl::StatusOr<ChildUsage> usage =
      RunChild({"sort", "-S", "1G", "--parallel=2", "-s", "-t", "\t", "-k1,1", "-T", Folder(), "-o",
                path, rows_},
               "/dev/null", Folder() + "/log");
  if (!usage.ok()) return usage.status();
  if (absl::Status status = CheckSorted(path, model_); !status.ok()) return status;
  has_sorted_ = true;
  return path;
}

absl::StatusOr<std::string> LoadInput::Lists() {
  const std::string path = rows_ + ".lists";
  if (!has_lists_) {
    if (absl::Status status = WriteLists(path, AppendList); !status.ok()) return status;
    has_lists_ = true;
  }
  return path;
}

absl::StatusOr<std::string> LoadInput::Lines() {
  const std::string path = rows_ + ".lines";
  if (!has_lines_) {
    if (absl::Status status = WriteLists(path, AppendLine); !status.ok()) return status;
    has_lines_ = true;
  }
  return path;
}

absl::Status LoadInput::WriteLists(const std::string& path, const Write& write) {
  const absl::StatusOr<std::string> sorted = Sorted();
  if (!sorted.ok()) return sorted.status();
  const absl::StatusOr<MappedFile> rows = MappedFile::Open(*sorted);
  if (!rows.ok()) return rows.status();
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  std::string buffer, blob;
  std::string_view last;
  std::vector<std::string_view> values;
  absl::Status status;
  const auto end_list = [&] {
    if (values.empty() || !status.ok()) return;
    absl::StatusOr<std::string> encoded = Encode(values);
    if (!encoded.ok()) {
      status = encoded.status();
      return;
    }
    write(last, *encoded, &buffer);
    values.clear();
    if (buffer.size() < kBuffer) return;
    file << buffer;
    buffer.clear();
  };
  const absl::Status read =
      ForEachRow(rows->bytes(), [&](bool first, std::string_view key, std::string_view value) {
        if (first) end_list();
        last = key;
        values.push_back(value);
      });
  end_list();
  file << buffer;
  file.close();
  if (!read.ok()) return read;
  if (status.ok() && !file) status = absl::InternalError(absl::StrCat("cannot write ", path));
  return status;
}

bool NextList(std::string_view* lists, std::string_view* key, std::string_view* blob) {
  if (lists->empty()) return false;
  const size_t key_size = SizeAt(lists->data());
  const size_t blob_size = SizeAt(lists->data() + sizeof(uint32_t));
  lists->remove_prefix(2 * sizeof(uint32_t));
  *key = lists->substr(0, key_size);
  *blob = lists->substr(key_size, blob_size);
  lists->remove_prefix(key_size + blob_size);
  return true;
}

}  // namespace bench
}  // namespace sheaf

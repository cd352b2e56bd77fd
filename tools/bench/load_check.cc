#include "tools/bench/load_check.h"

#include <fstream>
#include <iterator>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "rocksdb/db.h"
#include "rocksdb/sst_file_reader.h"
#include "sheaf/append_operator.h"
#include "sheaf/blob_view.h"
#include "tools/bench/mapped_file.h"
#include "tools/bench/sorted_rows.h"

namespace sheaf {
namespace bench {
namespace {

absl::Status Wrong(const std::string& where, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(where, ": ", status.message()));
}

absl::Status FromRocks(const rocksdb::Status& status) {
  return status.ok() ? absl::OkStatus() : absl::InternalError(status.ToString());
}

// All lists of a DB or an SST.
absl::Status AddLists(rocksdb::Iterator& lists, ModelCheck& check) {
  for (lists.SeekToFirst(); lists.Valid(); lists.Next()) {
    const absl::StatusOr<BlobView> list = BlobView::Parse(lists.value().ToStringView());
    if (!list.ok()) return Wrong(lists.key().ToString(), list.status());
    check.Key(lists.key().ToStringView());
    list->ForEach([&check](std::string_view value) { check.Value(value); });
  }
  return FromRocks(lists.status());
}

// For one pass over a lot of blocks.
rocksdb::ReadOptions ForScan() {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  return options;
}

}  // namespace

ModelCheck::ModelCheck(const RowsModel& model) : model_(model) {}

void ModelCheck::Key(std::string_view key) {
  EndSample();
  if (found_.keys != 0 && key <= last_key_ && wrong_.empty()) {
    wrong_ = absl::StrCat("key ", std::string(key), " after ", last_key_,
                          ", expected ascending keys, each once");
  }
  ++found_.keys;
  last_key_.assign(key.data(), key.size());
  // Samples that were passed over have no list.
  const std::vector<ListSample>& samples = model_.samples;
  for (; next_sample_ < samples.size() && samples[next_sample_].key < key; ++next_sample_) {
    sample_ = {samples[next_sample_].key};
    in_sample_ = true;
    EndSample();
  }
  if (next_sample_ < samples.size() && samples[next_sample_].key == key) {
    sample_ = {last_key_};
    in_sample_ = true;
    ++next_sample_;
  }
}

void ModelCheck::EndSample() {
  if (!in_sample_) return;
  in_sample_ = false;
  sample_.fingerprint = fingerprint_.sum();
  fingerprint_ = Fingerprint();
  for (const ListSample& expected : model_.samples) {
    if (expected.key != sample_.key || !wrong_.empty()) continue;
    if (expected.values != sample_.values) {
      wrong_ = absl::StrCat("the list of ", sample_.key, " has ", sample_.values,
                            " values, expected ", expected.values);
    } else if (expected.fingerprint != sample_.fingerprint) {
      wrong_ = absl::StrCat("the list of ", sample_.key,
                            " has other values than expected, or another order");
    }
  }
}

absl::Status ModelCheck::Finish() {
  EndSample();
  for (; next_sample_ < model_.samples.size(); ++next_sample_) {
    sample_ = {model_.samples[next_sample_].key};
    in_sample_ = true;
    EndSample();
  }
  if (!wrong_.empty()) return absl::DataLossError(wrong_);
  if (found_.keys == model_.keys && found_.rows == model_.rows &&
      found_.value_bytes == model_.value_bytes) {
    return absl::OkStatus();
  }
  return absl::DataLossError(absl::StrCat(
      found_.keys, " keys, ", found_.rows, " values of ", found_.value_bytes, " bytes, expected ",
      model_.keys, " keys, ", model_.rows, " values of ", model_.value_bytes, " bytes"));
}

absl::Status CheckSorted(const std::string& path, const RowsModel& model) {
  const absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  ModelCheck check(model);
  absl::Status status =
      ForEachRow(file->bytes(), [&](bool first, std::string_view key, std::string_view value) {
        if (first) check.Key(key);
        check.Value(value);
      });
  if (status.ok()) status = check.Finish();
  return status.ok() ? status : Wrong(path, status);
}

absl::Status CheckDb(const std::string& path, const RowsModel& model) {
  rocksdb::Options options;
  options.merge_operator = NewAppendOperator();
  rocksdb::DB* opened = nullptr;
  absl::Status status = FromRocks(rocksdb::DB::OpenForReadOnly(options, path, &opened));
  const std::unique_ptr<rocksdb::DB> db(opened);
  ModelCheck check(model);
  if (status.ok()) {
    const std::unique_ptr<rocksdb::Iterator> lists(db->NewIterator(ForScan()));
    status = AddLists(*lists, check);
  }
  if (status.ok()) status = check.Finish();
  return status.ok() ? status : Wrong(path, status);
}

absl::Status CheckSsts(const std::vector<std::string>& paths, const RowsModel& model) {
  ModelCheck check(model);
  for (const std::string& path : paths) {
    rocksdb::SstFileReader reader{rocksdb::Options()};
    absl::Status status = FromRocks(reader.Open(path));
    if (status.ok()) {
      const std::unique_ptr<rocksdb::Iterator> lists(reader.NewIterator(ForScan()));
      status = AddLists(*lists, check);
    }
    if (!status.ok()) return Wrong(path, status);
  }
  const absl::Status status = check.Finish();
  return status.ok() ? status : Wrong(paths.front(), status);
}

absl::Status CheckSummary(const std::string& log, const RowsModel& model) {
  std::ifstream file(log, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  text = absl::StrReplaceAll(text, {{",", ""}});
  const auto count = [](uint64_t number, const char* noun) {
    return absl::StrCat(" ", number, " ", noun, number == 1 ? "" : "s");
  };
  const std::string expected = absl::StrCat(count(model.rows, "row"), count(model.keys, "key"),
                                            count(model.rows, "value"), " loaded into ");
  if (text.find(expected) != std::string::npos) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("sheaf load says ", text, ", expected", expected));
}

}  // namespace bench
}  // namespace sheaf

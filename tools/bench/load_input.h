// LoadInput: rows, and the same rows in the forms that the systems take. Each form is a file, made
// when it is first asked for.
//
// Lifetime: until RemoveAll(), with all files.
// Thread safety: none; one thread at a time.
//
//   absl::StatusOr<LoadInput*> input = LoadInput::Of({500000000});
//   absl::StatusOr<std::string> sorted = (*input)->Sorted();

#ifndef SHEAF_TOOLS_BENCH_LOAD_INPUT_H_
#define SHEAF_TOOLS_BENCH_LOAD_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/bench/load_rows.h"

namespace sheaf {
namespace bench {

class LoadInput {
 public:
  // All files are in a new folder below `base`; without it, where NewTempFolder() puts them.
  static void SetBase(const std::string& base);
  static const std::string& Folder();
  static void RemoveAll();

  static absl::StatusOr<LoadInput*> Of(const RowsSpec& spec);

  const RowsModel& model() const { return model_; }

  // Paths of files:
  // TSV, as WriteRows() wrote it.
  absl::StatusOr<std::string> Rows() const { return rows_; }
  // The same, sorted by key with sort(1), values of a key in their order; compared with the model.
  absl::StatusOr<std::string> Sorted();
  // What ForEachList() reads: keys in ascending order, and blobs in layout compact.
  absl::StatusOr<std::string> Lists();
  // The same as lines `KEY ==> 0xBLOB`, which `ldb load --value_hex` reads.
  absl::StatusOr<std::string> Lines();

 private:
  using Write = std::function<void(std::string_view key, const std::string& blob, std::string*)>;

  LoadInput(std::string rows, RowsModel model);
  absl::Status WriteLists(const std::string& path, const Write& write);

  const std::string rows_;
  const RowsModel model_;
  bool has_sorted_ = false;
  bool has_lists_ = false;
  bool has_lines_ = false;
};

// Takes the first list off `lists`, the bytes of a file of LoadInput::Lists(). False at their end.
bool NextList(std::string_view* lists, std::string_view* key, std::string_view* blob);

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_LOAD_INPUT_H_

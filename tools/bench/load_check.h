// Shows that what a loader wrote is what it was given: every key once and in order, as many values
// and bytes as the model has, and the lists of its samples value by value.
//
// Thread safety: none; one thread at a time.
//
//   ModelCheck check(model);
//   for (...) { check.Key(key); for (...) check.Value(value); }
//   absl::Status status = check.Finish();

#ifndef SHEAF_TOOLS_BENCH_LOAD_CHECK_H_
#define SHEAF_TOOLS_BENCH_LOAD_CHECK_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tools/bench/load_rows.h"

namespace sheaf {
namespace bench {

// Lists as they come, compared with a model, which must outlive this.
class ModelCheck {
 public:
  explicit ModelCheck(const RowsModel& model);

  // The list of `key` begins.
  void Key(std::string_view key);
  // A value of that list.
  void Value(std::string_view value) {
    ++found_.rows;
    found_.value_bytes += value.size();
    if (in_sample_) {
      ++sample_.values;
      fingerprint_.Add(value);
    }
  }
  // Errors: DataLoss, which says what was found and what was expected.
  absl::Status Finish();

 private:
  void EndSample();

  const RowsModel& model_;
  RowsModel found_;
  std::string last_key_;
  size_t next_sample_ = 0;
  bool in_sample_ = false;
  ListSample sample_;
  Fingerprint fingerprint_;
  std::string wrong_;  // the first thing that is
};

// A sorted TSV file; of a DB with lists in layout compact; of SSTs, in the order of their keys.
// Errors: DataLoss, naming the file or the DB, what was found and what was expected; others if it
// cannot be read.
absl::Status CheckSorted(const std::string& path, const RowsModel& model);
absl::Status CheckDb(const std::string& path, const RowsModel& model);
absl::Status CheckSsts(const std::vector<std::string>& paths, const RowsModel& model);

// What `sheaf load` says of itself in the file `log`: as many rows, keys and values.
absl::Status CheckSummary(const std::string& log, const RowsModel& model);

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_LOAD_CHECK_H_

// WriteRows: the rows that loaders are measured with, as a TSV file, and what a DB of them must
// hold.
//
// The same file for the same spec on every machine. A row is a key, TAB, a value of 20 to 80
// characters and LF: 67 bytes in the mean, nothing to be escaped. Values are random letters,
// digits, spaces and underscores, 6 bits of sense a byte, which Snappy cannot compress.
//
// Keys are `user:0000123456`. Row by row one is chosen with a weight of about 1 / rank, so that a
// key has ten values in the mean, the most frequent one 5 % of all, and many have one. With kFew,
// keys are chosen equally often, and have two values in the mean. With kUnique each row has a key
// of its own, 16 hex digits.
//
// Thread safety: a call shares nothing with others.
//
//   absl::StatusOr<RowsModel> model = WriteRows({500000000}, folder + "/rows.tsv");

#ifndef SHEAF_TOOLS_BENCH_LOAD_ROWS_H_
#define SHEAF_TOOLS_BENCH_LOAD_ROWS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sheaf {
namespace bench {

enum class RowKeys { kSkewed, kFew, kUnique };

struct RowsSpec {
  uint64_t bytes;  // of the file, give or take a row
  RowKeys keys = RowKeys::kSkewed;
};

// Of a list: another one for other values, another order, or other bounds between them.
class Fingerprint {
 public:
  void Add(std::string_view value);
  uint64_t sum() const { return sum_; }

 private:
  uint64_t sum_ = 0xCBF29CE484222325;
};

// One list that is compared value by value.
struct ListSample {
  std::string key;
  uint64_t values = 0;  // 0: there is no such key
  uint64_t fingerprint = Fingerprint().sum();
};

// Counted while the rows were written, before anything sorted them.
struct RowsModel {
  uint64_t bytes = 0;  // of the file
  uint64_t rows = 0;
  uint64_t keys = 0;
  uint64_t value_bytes = 0;
  std::vector<ListSample> samples;  // in ascending order of keys: frequent ones and rare ones
};

// Replaces the file at `path`. Errors: Internal, naming the file, if it cannot be written.
absl::StatusOr<RowsModel> WriteRows(const RowsSpec& spec, const std::string& path);

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_LOAD_ROWS_H_

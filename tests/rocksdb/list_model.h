// ListModel: what a merge must give, written from docs/format.md ("operands", "bundles") alone.
//
// Like the merge operator, but slow and simple: lists of std::string, each edit applied to a whole
// list by itself, nothing folded. It shares no code with the library; blobs and bundles are read by
// the reference codec.
//
//   model::Written written;  // of one key, since it was last put or deleted
//   written.operands.push_back(model::Encode(model::Append({"a", "b"})));
//   written.operands.push_back(model::Encode(model::Remove("a")));
//   model::Merge(settings, written).list  // {"b"}
//
// Thread safety: free functions without state.

#ifndef SHEAF_TESTS_ROCKSDB_LIST_MODEL_H_
#define SHEAF_TESTS_ROCKSDB_LIST_MODEL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/codec/reference_codec.h"

namespace sheaf {
namespace model {

using List = std::vector<std::string>;

struct Edit {
  enum class Kind { kAppend, kClear, kKeepFirst, kKeepLast, kRemove, kDropFirst, kRemovePrefix };
  Kind kind;
  List values;         // of kAppend
  uint64_t count = 0;  // of kKeepFirst, kKeepLast, kDropFirst
  std::string value;   // of kRemove, kRemovePrefix
};

inline Edit Append(List values) { return {Edit::Kind::kAppend, std::move(values), 0, ""}; }
inline Edit Clear() { return {Edit::Kind::kClear, {}, 0, ""}; }
inline Edit KeepFirst(uint64_t count) { return {Edit::Kind::kKeepFirst, {}, count, ""}; }
inline Edit KeepLast(uint64_t count) { return {Edit::Kind::kKeepLast, {}, count, ""}; }
inline Edit DropFirst(uint64_t count) { return {Edit::Kind::kDropFirst, {}, count, ""}; }
inline Edit Remove(std::string value) { return {Edit::Kind::kRemove, {}, 0, std::move(value)}; }

inline Edit RemovePrefix(std::string prefix) {
  return {Edit::Kind::kRemovePrefix, {}, 0, std::move(prefix)};
}

std::string Encode(const Edit& edit);
std::string EncodeBatch(const std::vector<std::string>& operands);

// The edits of an operand, those of a batch one by one; nothing if it must be refused.
std::optional<std::vector<Edit>> DecodeOperand(std::string_view operand);

// What the operator of a column family was told. 0 is no limit.
struct Settings {
  reference::Form layout = reference::Form::kCompact;
  uint64_t max_values = 0;
  uint64_t max_bytes = 0;
  bool keep_first = false;
};

// What was written to a key since it was put or deleted last; nothing at all if it does not exist.
struct Written {
  std::optional<std::string> base;
  std::vector<std::string> operands;
  bool exists() const { return base.has_value() || !operands.empty(); }
};

// The list, or without it what must be kept: all since the last clear. Both are empty if the key
// does not exist.
struct Merged {
  std::optional<List> list;
  Written kept;
};

Merged Merge(const Settings& settings, const Written& written);

// The list that `edits` make of `list`, which is not limited before them.
List Apply(const Settings& settings, const std::vector<Edit>& edits, const List& list);

// "" if `edits` make the same of any list that `expected` make, as far as trying tells; else a list
// for which they do not. The lists tried keep to the limits, and have the values that edits name.
std::string EditsDifference(const Settings& settings, const std::vector<Edit>& edits,
                            const std::vector<Edit>& expected);

// "" if `value` is a bundle that holds all that `written` does: what does not decode byte for byte
// and in order, and between those whatever means the same; else what is missing.
std::string BundleDifference(const Settings& settings, std::string_view value,
                             const Written& written);

// For messages: quoted, with \xHH, long ones cut.
std::string Quoted(std::string_view value);
std::string Quoted(const List& list);

}  // namespace model
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_LIST_MODEL_H_

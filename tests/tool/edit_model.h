// A model of lists and their edits: a vector of strings, and operands written by hand as
// docs/format.md has them.

#ifndef SHEAF_TESTS_TOOL_EDIT_MODEL_H_
#define SHEAF_TESTS_TOOL_EDIT_MODEL_H_

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sheaf/blob_builder.h"

namespace sheaf {
namespace testing {

using List = std::vector<std::string>;

struct Edit {
  enum Kind { kAppend, kClear, kKeepFirst, kKeepLast, kRemove, kDropFirst, kRemovePrefix, kBatch };
  Kind kind = kAppend;
  List values;       // of kAppend; one of kRemove, kRemovePrefix
  size_t count = 0;  // of kKeepFirst, kKeepLast, kDropFirst: less than 128
  std::vector<Edit> edits;

  static Edit Append(List values) { return {kAppend, std::move(values), 0, {}}; }
  static Edit Clear() { return {kClear, {}, 0, {}}; }
  static Edit KeepFirst(size_t count) { return {kKeepFirst, {}, count, {}}; }
  static Edit KeepLast(size_t count) { return {kKeepLast, {}, count, {}}; }
  static Edit DropFirst(size_t count) { return {kDropFirst, {}, count, {}}; }
  static Edit Remove(std::string value) { return {kRemove, {std::move(value)}, 0, {}}; }
  static Edit RemovePrefix(std::string prefix) {
    return {kRemovePrefix, {std::move(prefix)}, 0, {}};
  }
  static Edit Batch(std::vector<Edit> edits) { return {kBatch, {}, 0, std::move(edits)}; }
};

inline std::string Operand(const Edit& edit) {
  const auto blob = [](const List& values) {
    return Encode(std::vector<std::string_view>(values.begin(), values.end())).value();
  };
  switch (edit.kind) {
    case Edit::kAppend:
      return blob(edit.values);
    case Edit::kClear:
      return "\xA0";
    case Edit::kKeepFirst:
      return std::string("\xA1") + static_cast<char>(edit.count);
    case Edit::kKeepLast:
      return std::string("\xA2") + static_cast<char>(edit.count);
    case Edit::kRemove:
      return std::string("\xA3") + static_cast<char>(edit.values[0].size()) + edit.values[0];
    case Edit::kDropFirst:
      return std::string("\xA5") + static_cast<char>(edit.count);
    case Edit::kRemovePrefix:
      return std::string("\xA6") + static_cast<char>(edit.values[0].size()) + edit.values[0];
    default: {
      List operands;
      for (const Edit& each : edit.edits) operands.push_back(Operand(each));
      return "\xA4" + blob(operands);
    }
  }
}

inline void Apply(const Edit& edit, List* list) {
  const auto count = static_cast<ptrdiff_t>(std::min(edit.count, list->size()));
  switch (edit.kind) {
    case Edit::kAppend:
      list->insert(list->end(), edit.values.begin(), edit.values.end());
      break;
    case Edit::kClear:
      list->clear();
      break;
    case Edit::kKeepFirst:
      list->erase(list->begin() + count, list->end());
      break;
    case Edit::kKeepLast:
      list->erase(list->begin(), list->end() - count);
      break;
    case Edit::kRemove:
      list->erase(std::remove(list->begin(), list->end(), edit.values[0]), list->end());
      break;
    case Edit::kDropFirst:
      list->erase(list->begin(), list->begin() + count);
      break;
    case Edit::kRemovePrefix:
      list->erase(std::remove_if(list->begin(), list->end(),
                                 [&](const std::string& value) {
                                   return value.rfind(edit.values[0], 0) == 0;
                                 }),
                  list->end());
      break;
    case Edit::kBatch:
      for (const Edit& each : edit.edits) Apply(each, list);
  }
}

// 0 to 4 values; some have what is between operands, or a list, in them.
inline List RandomValues(std::mt19937_64& random) {
  static const List* const kValues = new List{"",
                                              "a",
                                              ":",
                                              "a:b",
                                              "\xA0",
                                              ":\xA0:",
                                              Operand(Edit::Append({":", "x"})),
                                              ":" + Operand(Edit::Append({"y"})) + ":",
                                              std::string(300, ':')};
  List values(random() % 5);
  for (std::string& value : values) value = (*kValues)[random() % kValues->size()];
  return values;
}

// An edit of `list`.
inline Edit RandomEdit(std::mt19937_64& random, const List& list, bool may_be_batch = true) {
  switch (random() % 9) {
    case 0:
      return random() % 4 == 0 ? Edit::Clear() : Edit::KeepLast(random() % 6);
    case 1:
      return random() % 2 == 0 ? Edit::KeepFirst(random() % 6) : Edit::DropFirst(random() % 4);
    case 2:
    case 3:
      for (int i = 0; i < 4 && !list.empty(); ++i) {
        const std::string& value = list[random() % list.size()];
        if (value.size() < 128) {
          return random() % 3 == 0 ? Edit::RemovePrefix(value.substr(0, 1)) : Edit::Remove(value);
        }
      }
      return Edit::Remove("none");
    case 4:
      if (may_be_batch) {
        std::vector<Edit> edits(random() % 4);
        for (Edit& edit : edits) edit = RandomEdit(random, list, /*may_be_batch=*/false);
        return Edit::Batch(std::move(edits));
      }
      [[fallthrough]];
    default:
      return Edit::Append(RandomValues(random));
  }
}

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_TOOL_EDIT_MODEL_H_

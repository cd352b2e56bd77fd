#include "tests/rocksdb/list_model.h"

#include <algorithm>
#include <cstdio>
#include <random>
#include <set>

namespace sheaf {
namespace model {
namespace {

using Kind = Edit::Kind;
using reference::Form;

void PutVarint(std::string* out, uint64_t number) {
  for (; number >= 128; number /= 128) out->push_back(static_cast<char>(128 + number % 128));
  out->push_back(static_cast<char>(number));
}

// Takes a varint in its shortest form from the front of `*bytes`.
std::optional<uint64_t> TakeVarint(std::string_view* bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < 10 && i < bytes->size(); ++i) {
    const uint64_t byte = static_cast<unsigned char>((*bytes)[i]);
    if (i == 9 && byte > 1) return std::nullopt;  // past 64 bits
    number += (byte % 128) << (7 * i);
    if (byte >= 128) continue;
    if (i > 0 && byte == 0) return std::nullopt;  // could be shorter
    bytes->remove_prefix(i + 1);
    return number;
  }
  return std::nullopt;
}

std::optional<std::vector<Edit>> Decode(std::string_view operand, bool in_batch) {
  if (operand.empty()) return std::nullopt;
  const unsigned tag = static_cast<unsigned char>(operand[0]);
  std::string_view rest = operand.substr(1);
  std::vector<Edit> edits;
  if (tag == 0xA0) {
    edits.push_back(Clear());
  } else if (tag == 0xA1 || tag == 0xA2 || tag == 0xA5) {
    const std::optional<uint64_t> count = TakeVarint(&rest);
    if (!count.has_value()) return std::nullopt;
    edits.push_back(tag == 0xA1   ? KeepFirst(*count)
                    : tag == 0xA2 ? KeepLast(*count)
                                  : DropFirst(*count));
  } else if (tag == 0xA3 || tag == 0xA6) {
    const std::optional<uint64_t> size = TakeVarint(&rest);
    if (!size.has_value() || rest.size() != *size) return std::nullopt;
    edits.push_back(tag == 0xA3 ? Remove(std::string(rest)) : RemovePrefix(std::string(rest)));
    rest = {};
  } else if (tag == 0xA4 && !in_batch) {
    const std::optional<List> operands = reference::Decode(rest, Form::kCompact);
    if (!operands.has_value()) return std::nullopt;
    for (const std::string& one : *operands) {
      const auto more = Decode(one, /*in_batch=*/true);
      if (!more.has_value()) return std::nullopt;
      edits.insert(edits.end(), more->begin(), more->end());
    }
    rest = {};
  } else {
    std::optional<List> values = reference::Decode(operand, Form::kCompact);
    if (!values.has_value()) return std::nullopt;
    edits.push_back(Append(*std::move(values)));
    rest = {};
  }
  if (!rest.empty()) return std::nullopt;
  return edits;
}

uint64_t TotalBytes(const List& list) {
  uint64_t bytes = 0;
  for (const std::string& value : list) bytes += value.size();
  return bytes;
}

bool IsTooLong(const Settings& settings, const List& list) {
  return (settings.max_values != 0 && list.size() > settings.max_values) ||
         (settings.max_bytes != 0 && TotalBytes(list) > settings.max_bytes);
}

void AppendOne(const Settings& settings, const std::string& value, List* list) {
  if (settings.max_bytes != 0 && value.size() > settings.max_bytes) return;
  list->push_back(value);
  while (IsTooLong(settings, *list)) {
    list->erase(settings.keep_first ? list->end() - 1 : list->begin());
  }
}

void ApplyOne(const Settings& settings, const Edit& edit, List* list) {
  switch (edit.kind) {
    case Kind::kAppend:
      for (const std::string& value : edit.values) AppendOne(settings, value, list);
      return;
    case Kind::kClear:
      list->clear();
      return;
    case Kind::kKeepFirst:
      while (list->size() > edit.count) list->pop_back();
      return;
    case Kind::kKeepLast:
      while (list->size() > edit.count) list->erase(list->begin());
      return;
    case Kind::kRemove:
      list->erase(std::remove(list->begin(), list->end(), edit.value), list->end());
      return;
    case Kind::kDropFirst:
      for (uint64_t i = 0; i < edit.count && !list->empty(); ++i) list->erase(list->begin());
      return;
    case Kind::kRemovePrefix:
      list->erase(
          std::remove_if(list->begin(), list->end(),
                         [&](const std::string& value) { return value.rfind(edit.value, 0) == 0; }),
          list->end());
      return;
  }
}

List Limited(const Settings& settings, const List& base) {
  return Apply(settings, {Append(base)}, {});
}

// Takes edits up to the next operand that does not decode, which `*at` is left at.
std::vector<Edit> TakeEdits(const std::vector<std::string>& operands, size_t* at) {
  std::vector<Edit> edits;
  for (; *at < operands.size(); ++*at) {
    const auto more = DecodeOperand(operands[*at]);
    if (!more.has_value()) break;
    edits.insert(edits.end(), more->begin(), more->end());
  }
  return edits;
}

// An input that is a bundle itself counts as its values. It does not say which of them was a base.
Written WithoutBundles(const Settings& settings, const Written& written) {
  Written all;
  const auto add = [&all](const std::string& input) {
    const std::optional<List> bundle = reference::Decode(input, Form::kBundle);
    if (bundle.has_value()) {
      all.operands.insert(all.operands.end(), bundle->begin(), bundle->end());
    } else {
      all.operands.push_back(input);
    }
  };
  if (written.base.has_value()) {
    const bool is_list = reference::Decode(*written.base, settings.layout).has_value();
    if (is_list || !reference::Decode(*written.base, Form::kBundle).has_value()) {
      all.base = written.base;
    } else {
      add(*written.base);
    }
  }
  for (const std::string& operand : written.operands) add(operand);
  return all;
}

// Splits off the base, if the inputs of a bundle of `kept` begin with one.
std::string TakeBase(const Settings& settings, const Written& kept, List* inputs,
                     std::optional<List>* base) {
  if (kept.base.has_value() || !inputs->empty()) {
    if (inputs->empty()) return "no inputs";
    *base = reference::Decode(inputs->front(), settings.layout);
  }
  if (kept.base.has_value()) {
    const bool decodes = reference::Decode(*kept.base, settings.layout).has_value();
    if (!decodes && inputs->front() != *kept.base) return "the bad base is not its first input";
    if (decodes && !base->has_value()) return "its first input is not a base list";
  } else if (kept.operands.empty() || inputs->front() == kept.operands.front() ||
             DecodeOperand(inputs->front()).has_value()) {
    base->reset();
    return "";
  } else if (!base->has_value()) {
    return "its first input is neither a list nor what was written first";
  }
  inputs->erase(inputs->begin());
  return "";
}

}  // namespace

std::string Encode(const Edit& edit) {
  std::string out;
  switch (edit.kind) {
    case Kind::kAppend:
      return reference::Encode(edit.values, Form::kCompact);
    case Kind::kClear:
      return "\xA0";
    case Kind::kKeepFirst:
    case Kind::kKeepLast:
      out = edit.kind == Kind::kKeepFirst ? "\xA1" : "\xA2";
      PutVarint(&out, edit.count);
      return out;
    case Kind::kDropFirst:
      out = "\xA5";
      PutVarint(&out, edit.count);
      return out;
    case Kind::kRemove:
    case Kind::kRemovePrefix:
      out = edit.kind == Kind::kRemove ? "\xA3" : "\xA6";
      PutVarint(&out, edit.value.size());
      return out + edit.value;
  }
  return out;
}

std::string EncodeBatch(const std::vector<std::string>& operands) {
  return "\xA4" + reference::Encode(operands, Form::kCompact);
}

std::optional<std::vector<Edit>> DecodeOperand(std::string_view operand) {
  return Decode(operand, /*in_batch=*/false);
}

List Apply(const Settings& settings, const std::vector<Edit>& edits, const List& list) {
  List result = list;
  for (const Edit& edit : edits) ApplyOne(settings, edit, &result);
  return result;
}

Merged Merge(const Settings& settings, const Written& written) {
  if (!written.exists()) return {};
  Written kept = written;
  for (size_t i = written.operands.size(); i > 0; --i) {
    const auto edits = DecodeOperand(written.operands[i - 1]);
    if (!edits.has_value()) continue;
    if (std::any_of(edits->begin(), edits->end(),
                    [](const Edit& edit) { return edit.kind == Kind::kClear; })) {
      kept.base.reset();
      kept.operands.erase(kept.operands.begin(), kept.operands.begin() + (i - 1));
      break;
    }
  }
  List list;
  if (kept.base.has_value()) {
    const std::optional<List> base = reference::Decode(*kept.base, settings.layout);
    if (!base.has_value()) return {std::nullopt, kept};
    if (kept.operands.empty()) return {*base, kept};
    list = Limited(settings, *base);
  }
  size_t at = 0;
  const std::vector<Edit> edits = TakeEdits(kept.operands, &at);
  if (at != kept.operands.size()) return {std::nullopt, kept};
  return {Apply(settings, edits, list), kept};
}

std::string EditsDifference(const Settings& settings, const std::vector<Edit>& edits,
                            const std::vector<Edit>& expected) {
  std::set<std::string> named = {"?"};
  for (const std::vector<Edit>* const all : {&edits, &expected}) {
    for (const Edit& edit : *all) {
      named.insert(edit.values.begin(), edit.values.end());
      named.insert(edit.value);
    }
  }
  const std::vector<std::string> values(named.begin(), named.end());
  std::mt19937 random(1);
  for (const size_t size : {0, 1, 2, 3, 5, 8, 13, 40}) {
    List list;
    for (size_t i = 0; i < size; ++i) list.push_back(values[random() % values.size()]);
    list = Limited(settings, list);
    const List got = Apply(settings, edits, list);
    const List want = Apply(settings, expected, list);
    if (got != want) {
      return "of " + Quoted(list) + " they make " + Quoted(got) + ", not " + Quoted(want);
    }
  }
  return "";
}

std::string BundleDifference(const Settings& settings, std::string_view value,
                             const Written& written) {
  const Written kept = WithoutBundles(settings, written);
  std::optional<List> inputs = reference::Decode(value, Form::kBundle);
  if (!inputs.has_value()) return "not a bundle: " + Quoted(value);
  std::optional<List> base;
  const std::string wrong = TakeBase(settings, kept, &*inputs, &base);
  if (!wrong.empty()) return wrong + ": " + Quoted(*inputs);

  size_t got_at = 0;
  size_t want_at = 0;
  for (bool first = true;; first = false) {
    const std::vector<Edit> got = TakeEdits(*inputs, &got_at);
    const std::vector<Edit> want = TakeEdits(kept.operands, &want_at);
    const bool bad_base =
        kept.base.has_value() && !reference::Decode(*kept.base, settings.layout).has_value();
    std::string difference;
    if (first && !bad_base) {
      const List got_base = Limited(settings, base.value_or(List()));
      const List want_base =
          kept.base.has_value() ? Limited(settings, *reference::Decode(*kept.base, settings.layout))
                                : List();
      const List got_list = Apply(settings, got, got_base);
      const List want_list = Apply(settings, want, want_base);
      if (got_list != want_list) difference = Quoted(got_list) + " is not " + Quoted(want_list);
    } else {
      difference = EditsDifference(settings, got, want);
    }
    if (!difference.empty()) {
      return "before operand " + std::to_string(want_at) + ": " + difference;
    }
    const bool got_end = got_at == inputs->size();
    const bool want_end = want_at == kept.operands.size();
    if (got_end && want_end) return "";
    if (got_end) return "missing: " + Quoted(kept.operands[want_at]);
    if (want_end) return "too much: " + Quoted((*inputs)[got_at]);
    if ((*inputs)[got_at] != kept.operands[want_at]) {
      return Quoted((*inputs)[got_at]) + " is not " + Quoted(kept.operands[want_at]);
    }
    ++got_at;
    ++want_at;
  }
}

std::string Quoted(std::string_view value) {
  constexpr size_t kShown = 60;
  std::string out = "\"";
  for (const char byte : value.substr(0, kShown)) {
    if (byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\') {
      out.push_back(byte);
      continue;
    }
    char hex[5];
    std::snprintf(hex, sizeof(hex), "\\x%02X", static_cast<unsigned char>(byte));
    out += hex;
  }
  out += '"';
  if (value.size() > kShown) out += "... " + std::to_string(value.size()) + " bytes";
  return out;
}

std::string Quoted(const List& list) {
  constexpr size_t kShown = 30;
  std::string out = "[";
  for (size_t i = 0; i < list.size() && i < kShown; ++i) {
    out += (i == 0 ? "" : ", ") + Quoted(list[i]);
  }
  if (list.size() > kShown) out += ", ... " + std::to_string(list.size()) + " values";
  return out + "]";
}

}  // namespace model
}  // namespace sheaf

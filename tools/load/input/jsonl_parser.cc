#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "simdjson.h"
#include "tools/common/text.h"
#include "tools/load/input/line_parser.h"

namespace sheaf {
namespace load {
namespace {

using simdjson::dom::element;

// A line past this leaves buffers, of more than ten times its size, that are not kept for the next.
constexpr size_t kKeptLine = size_t{1} << 19;

class JsonlParser final : public LineParser {
 public:
  using LineParser::LineParser;

 protected:
  absl::Status Line(std::string_view line, RowSink& sink) override {
    // A blank line is no row: NDJSON lets a reader pass over it.
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return absl::OkStatus();
    const char* kind = nullptr;
    std::string detail;
    const absl::Status status = ParseRow(line, &kind, &detail) ? sink.Add(key_, values_)
                                                               : Rejected(kind, std::move(detail));
    if (line.size() > kKeptLine) {
      parser_ = simdjson::dom::parser();
      values_ = std::vector<std::string_view>();
      decoded_ = std::vector<std::string>();
    }
    return status;
  }

 private:
  // Sets key_ and values_; they are valid until the next call.
  bool ParseRow(std::string_view line, const char** kind, std::string* detail) {
    // The bytes behind the line may be read (RowChunk), so nothing needs to be copied.
    element row;
    if (const auto error =
            parser_.parse(line.data(), line.size(), /*realloc_if_needed=*/false).get(row)) {
      *kind = error == simdjson::UTF8_ERROR
                  ? "expected a JSON object, found bytes that are not UTF-8"
                  : "expected a JSON object, found text that is not JSON";
      *detail = simdjson::error_message(error);
      return false;
    }
    simdjson::dom::object object;
    if (row.get(object)) {
      *kind = "expected a JSON object with \"key\" and \"value\" or \"values\", found other JSON";
      return false;
    }
    bool has_key = false;
    bool has_values = false;
    decoded_.clear();
    decoded_.reserve(CountBase64(object));  // views into it must stay
    for (const simdjson::dom::key_value_pair field : object) {
      if (field.key == "key") {
        if (has_key) return Duplicate(kind);
        has_key = true;
        if (!Text(field.value, &key_, /*is_key=*/true, kind)) return false;
      } else if (field.key == "value" || field.key == "values") {
        if (has_values) return Duplicate(kind);
        has_values = true;
        values_.clear();
        if (!Values(field.key, field.value, kind)) return false;
      } else {
        *kind = "expected the fields \"key\" and \"value\" or \"values\", found another";
        *detail = Quoted(field.key);
        return false;
      }
    }
    if (!has_key || !has_values) {
      *kind = !has_key ? "expected a field \"key\", found none"
                       : "expected a field \"value\" or \"values\", found none";
      return false;
    }
    const char* const fault = KeyFault(key_);
    if (fault != nullptr) *kind = fault;
    return fault == nullptr;
  }

  static bool Duplicate(const char** kind) {
    *kind = "expected one \"key\" and one of \"value\" and \"values\", found one of them twice";
    return false;
  }

  bool Values(std::string_view name, element value, const char** kind) {
    std::string_view text;
    if (name == "value") {
      if (!Text(value, &text, /*is_key=*/false, kind)) return false;
      values_.push_back(text);
      return true;
    }
    simdjson::dom::array array;
    if (value.get(array)) {
      *kind = "expected \"values\" to be an array, found another type";
      return false;
    }
    values_.reserve(array.size());  // a copy less of many small ones
    for (const element item : array) {
      if (!Text(item, &text, /*is_key=*/false, kind)) return false;
      values_.push_back(text);
    }
    return true;
  }

  // A string, or {"base64": "..."}.
  bool Text(element value, std::string_view* text, bool is_key, const char** kind) {
    if (!value.get(*text)) return true;
    simdjson::dom::object object;
    std::string_view encoded;
    if (value.get(object) || object.size() != 1 || (*object.begin()).key != "base64" ||
        (*object.begin()).value.get(encoded)) {
      *kind =
          is_key ? "expected a key that is a string or {\"base64\": \"...\"}, found another type"
                 : "expected a value that is a string or {\"base64\": \"...\"}, found another type";
      return false;
    }
    decoded_.emplace_back();
    if (!absl::Base64Unescape(Abs(encoded), &decoded_.back())) {
      *kind = is_key ? "expected base64 in a key, found other text"
                     : "expected base64 in a value, found other text";
      return false;
    }
    *text = decoded_.back();
    return true;
  }

  // How many strings decoded_ may get.
  static size_t CountBase64(simdjson::dom::object object) {
    size_t count = 0;
    for (const simdjson::dom::key_value_pair field : object) {
      simdjson::dom::array array;
      if (field.value.is_object()) {
        ++count;
      } else if (!field.value.get(array)) {
        for (const element item : array) count += item.is_object() ? 1 : 0;
      }
    }
    return count;
  }

  simdjson::dom::parser parser_;
  std::string_view key_;
  std::vector<std::string_view> values_;
  std::vector<std::string> decoded_;
};

}  // namespace

std::unique_ptr<RowParser> NewJsonlParser(OnError on_error) {
  return std::make_unique<JsonlParser>(on_error);
}

}  // namespace load
}  // namespace sheaf

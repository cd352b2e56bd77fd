#include "tools/sheaf/row_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "simdjson.h"
#include "tools/common/escapes.h"
#include "tools/common/text.h"
#include "tools/load/input/content_kind.h"
#include "tools/sheaf/json.h"
#include "tools/sheaf/plain_text.h"

namespace sheaf {
namespace tool {
namespace {

// Values that follow each other are looked at together: as much as stays in the first-level cache.
constexpr size_t kLookBytes = size_t{16} << 10;

// A value that is longer is escaped in pieces of that size. Divisible by 3, for base64.
constexpr size_t kPieceBytes = size_t{48} << 10;

char* Append(char* to, std::string_view bytes) {
  std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

// True if a csv field has to be in quotes.
bool NeedsQuotes(std::string_view field) {
  return std::any_of(field.begin(), field.end(),
                     [](char c) { return c == '"' || c == ',' || c == '\n' || c == '\r'; });
}

// As load::AppendEscaped does where the text as a whole, of which `piece` is one, is not UTF-8.
void AppendEscapedBytes(std::string_view piece, std::string* out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  while (!piece.empty()) {
    size_t low = 0;
    while (low < piece.size() && static_cast<unsigned char>(piece[low]) < 0x80) ++low;
    load::AppendEscaped(piece.substr(0, low), out);
    piece.remove_prefix(low);
    if (piece.empty()) return;
    const auto high = static_cast<unsigned char>(piece[0]);
    out->append("\\x");
    out->push_back(kHex[high >> 4]);
    out->push_back(kHex[high & 15]);
    piece.remove_prefix(1);
  }
}

}  // namespace

void RowWriter::Begin(std::string_view key) {
  key_ = key;
  any_ = false;
}

void RowWriter::Add(const BlobView& values) {
  if (values.empty()) return;
  any_ = true;
  switch (format_) {
    case load::RowFormat::kTsv:
      return WriteTsv(key_, values);
    case load::RowFormat::kJsonl:
      if (in_line_ && line_bytes_ >= kMaxLineBytes) {
        out_.Write("]}\n");
        in_line_ = false;
      }
      return WriteJsonl(values);
    case load::RowFormat::kFramed:
      return WriteFramed(key_, values);
    case load::RowFormat::kCsv:
      return WriteCsv(key_, values);
  }
}

void RowWriter::End() {
  if (format_ == load::RowFormat::kJsonl) {
    if (!any_) BeginJsonl(key_);
    out_.Write(any_ ? "]}\n" : "[]}\n");
    in_line_ = false;
  } else if (!any_ && left_out_++ == 0) {
    first_left_out_ = std::string(key_);
  }
}

std::string RowWriter::LeftOutText() const {
  return absl::StrCat(
      load::Plural(left_out_, "key"), " left out, which have an empty list; the first is ",
      load::Quoted(first_left_out_), ". Use --format jsonl, which can express them");
}

template <typename F>
void RowWriter::ForEach(const BlobView& values, char quote, F&& f) {
  const auto end = values.end();
  for (auto at = values.begin(); at != end && out_.ok();) {
    // The contents have no gaps, so that some values are one piece of them.
    const char* const first = (*at).data();
    size_t bytes = 0;
    size_t count = 0;
    for (auto next = at; next != end && bytes < kLookBytes && count < kLookBytes; ++next, ++count) {
      bytes += (*next).size();
    }
    const TextBytes found = Look({first, bytes}, quote);
    const bool plain = !found.special && !found.high;
    for (; count != 0; --count, ++at) f(*at, plain);
  }
}

void RowWriter::WriteTsv(std::string_view key, const BlobView& values) {
  std::string prefix;
  if (std::exchange(is_first_, false) && !load::MayBeginRows(key)) {
    absl::StrAppend(&prefix, "\\x", absl::Hex(static_cast<uint8_t>(key[0]), absl::kZeroPad2));
    key.remove_prefix(1);
  }
  load::AppendEscaped(key, &prefix);
  prefix.push_back('\t');
  ForEach(values, '\\', [&](std::string_view value, bool plain) {
    const size_t size = prefix.size() + value.size() + 1;
    if (plain && size <= Output::kMaxRoom) {
      char* const to = Append(Append(out_.Room(size), prefix), value);
      *to = '\n';
      return out_.Advance(size);
    }
    out_.Write(prefix);
    if (plain) {
      out_.Write(value);
    } else {
      WriteEscaped(value);
    }
    out_.Write('\n');
  });
}

void RowWriter::BeginJsonl(std::string_view key) {
  out_.Write("{\"key\":");
  WriteJsonText(key);
  out_.Write(",\"values\":");
}

void RowWriter::WriteJsonl(const BlobView& values) {
  char separator = ',';
  if (!in_line_) {
    BeginJsonl(key_);
    in_line_ = true;
    line_bytes_ = 0;
    separator = '[';
  }
  line_bytes_ += values.contents().size();
  ForEach(values, '"', [&](std::string_view value, bool plain) {
    const size_t size = value.size() + 3;
    if (plain && size <= Output::kMaxRoom) {
      char* to = out_.Room(size);
      *to++ = separator;
      *to++ = '"';
      to = Append(to, value);
      *to = '"';
      out_.Advance(size);
    } else {
      out_.Write(separator);
      WriteJsonText(value);
    }
    separator = ',';
  });
}

void RowWriter::WriteFramed(std::string_view key, const BlobView& values) {
  // Little-endian, as all machines that Sheaf runs on.
  const auto key_size = static_cast<uint32_t>(key.size());
  for (const std::string_view value : values) {
    if (!out_.ok()) return;
    const uint32_t sizes[2] = {key_size, static_cast<uint32_t>(value.size())};
    const std::string_view frame(reinterpret_cast<const char*>(sizes), sizeof sizes);
    const size_t size = frame.size() + key.size() + value.size();
    if (size <= Output::kMaxRoom) {
      Append(Append(Append(out_.Room(size), frame), key), value);
      out_.Advance(size);
      continue;
    }
    out_.Write(frame);
    out_.Write(key);
    out_.Write(value);
  }
}

void RowWriter::WriteHeader() {
  is_first_ = false;
  out_.Write("key,value\n");
}

// A loader takes what is not in quotes as it is, and a file that begins with a quote for nothing
// else.
void RowWriter::WriteCsv(std::string_view key, const BlobView& values) {
  const bool is_front = std::exchange(is_first_, false);
  bool in_quotes = NeedsQuotes(key) || (is_front && !load::MayBeginRows(key));
  const bool key_needs_quotes = NeedsQuotes(key);
  for (const std::string_view value : values) {
    if (!out_.ok()) return;
    WriteCsvField(key, in_quotes);
    out_.Write(',');
    WriteCsvField(value, NeedsQuotes(value));
    out_.Write('\n');
    in_quotes = key_needs_quotes;
  }
}

void RowWriter::WriteCsvField(std::string_view value, bool in_quotes) {
  if (!in_quotes) return out_.Write(value);
  out_.Write('"');
  for (size_t quote; (quote = value.find('"')) != value.npos && out_.ok();) {
    out_.Write(value.substr(0, quote + 1));
    out_.Write('"');
    value.remove_prefix(quote + 1);
  }
  out_.Write(value);
  out_.Write('"');
}

void RowWriter::WriteEscaped(std::string_view value) {
  const TextBytes found = Look(value, '\\');
  const bool utf8 = !found.high || simdjson::validate_utf8(value.data(), value.size());
  if (!found.special && utf8) return out_.Write(value);
  while (!value.empty() && out_.ok()) {
    buffer_.clear();
    if (utf8) {
      load::AppendEscaped(PopCharacters(&value, kPieceBytes), &buffer_);
    } else {
      AppendEscapedBytes(value.substr(0, kPieceBytes), &buffer_);
      value.remove_prefix(std::min(value.size(), kPieceBytes));
    }
    out_.Write(buffer_);
  }
}

void RowWriter::WriteJsonText(std::string_view value) {
  const TextBytes found = Look(value, '"');
  if (found.high && !simdjson::validate_utf8(value.data(), value.size())) {
    out_.Write("{\"base64\":\"");
    for (; !value.empty() && out_.ok(); value.remove_prefix(std::min(value.size(), kPieceBytes))) {
      absl::Base64Escape(load::Abs(value.substr(0, kPieceBytes)), &buffer_);
      out_.Write(buffer_);
    }
    return out_.Write("\"}");
  }
  out_.Write('"');
  if (!found.special) {
    out_.Write(value);
    return out_.Write('"');
  }
  while (!value.empty() && out_.ok()) {
    buffer_.clear();
    AppendJsonText(PopCharacters(&value, kPieceBytes), &buffer_);
    out_.Write(std::string_view(buffer_).substr(1, buffer_.size() - 2));  // without its quotes
  }
  out_.Write('"');
}

}  // namespace tool
}  // namespace sheaf

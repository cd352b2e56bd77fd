#include "tests/codec/reference_codec.h"

#include <algorithm>
#include <cstdint>

namespace sheaf {
namespace reference {
namespace {

constexpr uint64_t kFourGiBLessOne = 4294967295;

void PutInteger(std::string* out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

// Reads from the front of bytes; after the first failure every read fails.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  size_t position() const { return position_; }
  size_t left() const { return bytes_.size() - position_; }

  uint64_t Integer(int bytes) {
    const std::string_view taken = Take(static_cast<uint64_t>(bytes));
    uint64_t value = 0;
    for (size_t i = 0; i < taken.size(); ++i) {
      value += static_cast<uint64_t>(static_cast<unsigned char>(taken[i])) << (8 * i);
    }
    return value;
  }

  // An unsigned LEB128 of at most 64 bits that could not be shorter.
  uint64_t Varint() {
    std::vector<unsigned> digits;  // of base 128, the lowest first
    for (bool more = true; more;) {
      const uint64_t byte = Integer(1);
      if (failed_) return 0;
      digits.push_back(static_cast<unsigned>(byte % 128));
      more = byte >= 128;
      if (digits.size() > 10) return Fail();
    }
    if (digits.size() > 1 && digits.back() == 0) return Fail();
    if (digits.size() == 10 && digits.back() > 1) return Fail();
    uint64_t value = 0;
    for (size_t i = digits.size(); i > 0; --i) value = value * 128 + digits[i - 1];
    return value;
  }

  std::string_view Take(uint64_t bytes) {
    if (failed_ || bytes > left()) {
      Fail();
      return {};
    }
    const std::string_view taken = bytes_.substr(position_, bytes);
    position_ += bytes;
    return taken;
  }

  uint64_t Fail() {
    failed_ = true;
    return 0;
  }

 private:
  std::string_view bytes_;
  size_t position_ = 0;
  bool failed_ = false;
};

std::optional<Values> ReadContents(Reader* reader, const std::vector<uint64_t>& sizes) {
  Values values;
  for (const uint64_t size : sizes) values.emplace_back(reader->Take(size));
  if (reader->failed()) return std::nullopt;
  return values;
}

std::optional<Values> ReadFixed64(Reader* reader) {
  const uint64_t total_length = reader->Integer(8);
  if (reader->failed() || total_length > reader->left()) return std::nullopt;
  const size_t end = reader->position() + total_length;
  const uint64_t count = reader->Integer(8);
  if (reader->failed() || reader->position() > end) return std::nullopt;
  std::vector<uint64_t> sizes;
  for (uint64_t i = 0; i < count; ++i) {
    sizes.push_back(reader->Integer(8));
    if (reader->failed() || reader->position() > end) return std::nullopt;
    if (sizes.back() > kFourGiBLessOne) return std::nullopt;
  }
  std::optional<Values> values = ReadContents(reader, sizes);
  if (reader->position() != end) return std::nullopt;
  return values;
}

std::optional<Values> ReadCompact(Reader* reader, unsigned tag_base) {
  const uint64_t tag = reader->Integer(1);
  if (reader->failed()) return std::nullopt;
  if (tag < tag_base || tag >= tag_base + 8) return std::nullopt;
  const bool uniform = tag - tag_base >= 4;
  const uint64_t log2_width = (tag - tag_base) % 4;
  if (log2_width == 3) return std::nullopt;
  const int width = 1 << log2_width;
  const uint64_t count = reader->Varint();
  if (reader->failed() || count > kFourGiBLessOne) return std::nullopt;

  std::vector<uint64_t> sizes;
  if (uniform) {
    const uint64_t size = reader->Integer(width);
    if (reader->failed() || count < 2 || size == 0) return std::nullopt;
    if (count > reader->left() / size) return std::nullopt;  // before memory is asked for
    sizes.assign(count, size);
  } else {
    for (uint64_t i = 0; i < count; ++i) {
      sizes.push_back(reader->Integer(width));
      if (reader->failed()) return std::nullopt;
    }
    uint64_t offset = 0;
    for (uint64_t i = 0; i < count; ++i) {
      if (i > 0 && i % 64 == 0) {
        const uint64_t checkpoint = reader->Integer(4);
        if (reader->failed() || checkpoint != offset) return std::nullopt;
      }
      offset += sizes[i];
    }
  }
  uint64_t total = 0;
  for (const uint64_t size : sizes) total += size;
  if (total > kFourGiBLessOne) return std::nullopt;
  return ReadContents(reader, sizes);
}

unsigned TagBase(Form form) { return form == Form::kBundle ? 0xB8 : 0xB0; }

std::string EncodeFixed64(const Values& values) {
  uint64_t total_length = 8;
  for (const std::string& value : values) total_length += 8 + value.size();
  std::string out;
  PutInteger(&out, total_length, 8);
  PutInteger(&out, values.size(), 8);
  for (const std::string& value : values) PutInteger(&out, value.size(), 8);
  for (const std::string& value : values) out += value;
  return out;
}

std::string EncodeCompact(const Values& values, unsigned tag_base) {
  uint64_t largest = 0;
  bool equal = true;
  for (const std::string& value : values) {
    largest = std::max<uint64_t>(largest, value.size());
    equal = equal && value.size() == values.front().size();
  }
  const int log2_width = largest < 256 ? 0 : largest < 65536 ? 1 : 2;
  const int width = 1 << log2_width;
  const bool uniform = values.size() >= 2 && equal && largest != 0;

  std::string out;
  PutInteger(&out, tag_base + (uniform ? 4 : 0) + static_cast<unsigned>(log2_width), 1);
  uint64_t count = values.size();
  while (count >= 128) {
    PutInteger(&out, 128 + count % 128, 1);
    count /= 128;
  }
  PutInteger(&out, count, 1);
  if (uniform) {
    PutInteger(&out, largest, width);
  } else {
    for (const std::string& value : values) PutInteger(&out, value.size(), width);
    uint64_t offset = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      if (i > 0 && i % 64 == 0) PutInteger(&out, offset, 4);
      offset += values[i].size();
    }
  }
  for (const std::string& value : values) out += value;
  return out;
}

}  // namespace

std::string Encode(const Values& values, Form form) {
  return form == Form::kFixed64 ? EncodeFixed64(values) : EncodeCompact(values, TagBase(form));
}

std::optional<Prefix> DecodePrefix(std::string_view bytes, Form form) {
  Reader reader(bytes);
  std::optional<Values> values =
      form == Form::kFixed64 ? ReadFixed64(&reader) : ReadCompact(&reader, TagBase(form));
  if (!values.has_value()) return std::nullopt;
  return Prefix{*std::move(values), reader.position()};
}

std::optional<Values> Decode(std::string_view bytes, Form form) {
  std::optional<Prefix> prefix = DecodePrefix(bytes, form);
  if (!prefix.has_value() || prefix->bytes != bytes.size()) return std::nullopt;
  return std::move(prefix->values);
}

}  // namespace reference
}  // namespace sheaf

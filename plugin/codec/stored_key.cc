#include "plugin/codec/stored_key.h"

#include <cstring>

namespace sheaf {
namespace internal {
namespace {

constexpr char kZero = '\0';
constexpr char kEscaped = '\xFF';  // after a zero byte: that byte itself
constexpr char kEnd = '\x01';      // after a zero byte: the end of the key

void AppendEscaped(std::string_view key, std::string* out) {
  out->reserve(key.size() + 10);
  while (!key.empty()) {
    const void* const zero = std::memchr(key.data(), kZero, key.size());
    if (zero == nullptr) {
      out->append(key);
      return;
    }
    const size_t before = static_cast<size_t>(static_cast<const char*>(zero) - key.data());
    out->append(key.data(), before + 1);
    out->push_back(kEscaped);
    key.remove_prefix(before + 1);
  }
}

uint64_t LoadPosition(const char* at) {
  uint64_t bits = 0;
  std::memcpy(&bits, at, sizeof bits);
  return __builtin_bswap64(bits);
}

}  // namespace

StoredKey::StoredKey(std::string_view key) {
  AppendEscaped(key, &bytes_);
  bytes_.push_back(kZero);
  bytes_.push_back(kEnd);
  bytes_.append(kPositionBytes, '\xFF');
}

std::string_view StoredKey::At(uint64_t position) {
  const uint64_t bits = __builtin_bswap64(position);
  std::memcpy(&bytes_[bytes_.size() - kPositionBytes], &bits, sizeof bits);
  return bytes_;
}

bool StoredKey::Has(std::string_view stored, uint64_t* position) const {
  if (stored.size() != bytes_.size() || stored.substr(0, prefix().size()) != prefix()) {
    return false;
  }
  *position = LoadPosition(stored.data() + prefix().size());
  return true;
}

bool StoredKey::Parse(std::string_view stored, std::string* key, uint64_t* position) {
  if (stored.size() < 2 + kPositionBytes) return false;
  *position = LoadPosition(stored.data() + stored.size() - kPositionBytes);
  stored.remove_suffix(kPositionBytes);
  if (stored.substr(stored.size() - 2) != std::string_view("\0\x01", 2)) return false;
  stored.remove_suffix(2);
  key->clear();
  for (size_t i = 0; i < stored.size(); ++i) {
    key->push_back(stored[i]);
    if (stored[i] != kZero) continue;
    if (i + 1 == stored.size() || stored[i + 1] != kEscaped) return false;
    ++i;
  }
  return true;
}

std::string StoredKey::LowerBound(std::string_view key) {
  std::string bound;
  AppendEscaped(key, &bound);
  bound.push_back(kZero);
  bound.push_back(kEnd);
  return bound;
}

std::string StoredKey::UpperBound(std::string_view key) {
  std::string bound = LowerBound(key);
  ++bound.back();
  return bound;
}

}  // namespace internal
}  // namespace sheaf

// StoredKey: the keys that the pages of a long list have (docs/format.md, "long lists").
//
//     user's key, escaped     00 01   position of the page's first value, or FF * 8
//     00 is written 00 FF     end     8 bytes, big-endian
//
// So no list's prefix is the prefix of another's. All pages of a list are neighbours, in order, and
// the open page is the last. Lists are in the bytewise order of their users' keys.
//
// Lifetime: holds its bytes. Thread safety: as std::string.
//
//   StoredKey stored("user:7");
//   s = db->Get(options, cf, stored.At(1000), &page);
//   s = db->Merge(options, cf, stored.Open(), operand);

#ifndef SHEAF_PLUGIN_CODEC_STORED_KEY_H_
#define SHEAF_PLUGIN_CODEC_STORED_KEY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sheaf {
namespace internal {

class StoredKey {
 public:
  // What stands in place of a position in the key of an open page.
  static constexpr uint64_t kOpen = UINT64_MAX;

  explicit StoredKey(std::string_view key);

  // The key of the page at `position`. Valid until the next call.
  std::string_view At(uint64_t position);
  std::string_view Open() { return At(kOpen); }

  // What all keys of the list begin with.
  std::string_view prefix() const { return {bytes_.data(), bytes_.size() - kPositionBytes}; }

  // Whether `stored` is the key of a page of this list. If so, sets `*position`.
  bool Has(std::string_view stored, uint64_t* position) const;

  // Reads a stored key. False if it is none; `*key` and `*position` are then not defined.
  static bool Parse(std::string_view stored, std::string* key, uint64_t* position);

  // The first key that a list whose user's key is not less than `key` may have, and the first
  // behind all pages of the list of `key`.
  static std::string LowerBound(std::string_view key);
  static std::string UpperBound(std::string_view key);

 private:
  static constexpr size_t kPositionBytes = 8;

  std::string bytes_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_STORED_KEY_H_

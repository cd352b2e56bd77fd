// A block whose release is counted.

#ifndef SHEAF_TESTS_CODEC_COUNTED_RELEASE_H_
#define SHEAF_TESTS_CODEC_COUNTED_RELEASE_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "sheaf/pinned_blob.h"

namespace sheaf {
namespace test {

// Bytes on the heap that say how often they were given back. They are freed when they are, so that
// a sanitizer or valgrind sees a slice that reads them later.
//
// REQUIRES: outlives every block made from it.
class CountedBytes {
 public:
  explicit CountedBytes(std::string bytes)
      : size_(bytes.size()), bytes_(new char[bytes.size()]), releases_(0) {
    bytes.copy(bytes_.get(), size_);
  }

  std::string_view view() const { return {bytes_.get(), size_}; }

  // A blob that lies here. REQUIRES: not called before.
  absl::StatusOr<PinnedBlob> Pin(Layout layout = Layout::kCompact) {
    return PinnedBlob::FromExternal(
        view(),
        [this] {
          // Stores of our own, not a memset: with ignore_noninstrumented_modules, which tests of
          // RocksDB need, TSan overlooks what calls into libc do, free() among them.
          volatile char* const bytes = bytes_.get();
          for (size_t i = 0; i < size_; ++i) bytes[i] = 0;
          bytes_.reset();
          releases_.fetch_add(1);
        },
        layout);
  }

  int releases() const { return releases_.load(); }

 private:
  const size_t size_;
  std::unique_ptr<char[]> bytes_;
  std::atomic<int> releases_;
};

}  // namespace test
}  // namespace sheaf

#endif  // SHEAF_TESTS_CODEC_COUNTED_RELEASE_H_

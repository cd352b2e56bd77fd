// temporary, replaced by the full one
#ifndef SHEAF_TOOLS_LOAD_BYTE_SOURCE_H_
#define SHEAF_TOOLS_LOAD_BYTE_SOURCE_H_
#include <cstdint>
#include <memory>
#include <string>
#include "absl/status/statusor.h"
namespace sheaf {
namespace load {
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  static absl::StatusOr<std::unique_ptr<ByteSource>> Open(const std::string& path);
  virtual absl::StatusOr<size_t> Read(char* to, size_t n) = 0;
  virtual const std::string& name() const = 0;
  virtual const char* codec() const = 0;
  virtual uint64_t file_bytes() const = 0;
  virtual absl::Status Skip(uint64_t bytes) = 0;
};
}  // namespace load
}  // namespace sheaf
#endif

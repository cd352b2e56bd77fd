#include <cstring>

#include "absl/strings/str_cat.h"
#include "tools/load/row_reader.h"
#include "tools/load/text.h"

namespace sheaf {
namespace load {
namespace {

constexpr size_t kHeaderBytes = 8;

class FramedReader final : public RowReader {
 public:
  absl::Status Read(InputFile& input, MalformedRows& malformed, RowSink& sink) override {
    for (;;) {
      for (;;) {
        const std::string_view data = input.data();
        if (data.size() < kHeaderBytes) break;
        const uint64_t key_size = Load32(data.data());
        const uint64_t value_size = Load32(data.data() + 4);
        if (data.size() - kHeaderBytes < key_size + value_size) break;
        const std::string_view key = data.substr(kHeaderBytes, key_size);
        const std::string_view value = data.substr(kHeaderBytes + key_size, value_size);
        absl::Status status =
            key.empty()
                ? malformed.Report(Place(input),
                                   "expected a key of one byte at least, found an empty key")
                : sink.Add(key, {&value, 1});
        if (!status.ok()) return status;
        input.Consume(kHeaderBytes + key_size + value_size);
      }
      on_chunk(input.offset());
      const absl::StatusOr<bool> more = input.Fill();
      if (!more.ok()) return more.status();
      if (!*more) break;
    }
    return input.data().empty() ? absl::OkStatus() : Truncated(input);
  }

 private:
  static uint32_t Load32(const char* at) {
    uint32_t value;  // little-endian, as all machines that Sheaf runs on
    std::memcpy(&value, at, sizeof value);
    return value;
  }

  static std::string Place(const InputFile& input) {
    return absl::StrCat(input.name(), ": offset ", input.offset());
  }

  // Nothing tells where the next frame would begin, so what is left cannot be skipped like a row.
  static absl::Status Truncated(const InputFile& input) {
    const std::string_view data = input.data();
    const std::string expected =
        data.size() < kHeaderBytes
            ? absl::StrCat("expected ", kHeaderBytes, " bytes of key size and value size, found ",
                           data.size())
            : absl::StrCat("expected a key of ", Load32(data.data()), " and a value of ",
                           Load32(data.data() + 4), " bytes, found ", data.size() - kHeaderBytes,
                           " bytes");
    return absl::InvalidArgumentError(absl::StrCat(Place(input), ": truncated frame: ", expected));
  }
};

}  // namespace

std::unique_ptr<RowReader> NewFramedReader() { return std::make_unique<FramedReader>(); }

}  // namespace load
}  // namespace sheaf

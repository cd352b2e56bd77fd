#include "tools/bench/load_rows.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sheaf {
namespace bench {
namespace {

constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 _";
constexpr size_t kMinValue = 20;
constexpr size_t kMaxValue = 80;
constexpr uint64_t kMeanRow = 67;
// A tenth of the rows have different keys if they are chosen of this many, by the weights below.
constexpr double kKeysARow = 0.15;
// Half as many as there are rows, if they are chosen equally often of this many: x of
// x * (1 - exp(-1 / x)) = 1 / 2.
constexpr double kFewKeysARow = 0.6275;
// Rows with unique keys of which one is a sample.
constexpr uint64_t kRowsASample = uint64_t{1} << 18;
constexpr size_t kBuffer = size_t{1} << 20;

// SplitMix64 (Steele, Lea and Flood, 2014), which maps counters to numbers one to one.
uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

class Random {
 public:
  uint64_t Next() { return Mix(state_ += 0x9E3779B97F4A7C15); }
  // Uniform below `bound`, which is at most 2^32.
  uint64_t Below(uint64_t bound) { return ((Next() >> 32) * bound) >> 32; }

 private:
  uint64_t state_ = 0;
};

// Ranks from 1 to `keys` - 1, with a weight of about 1 / rank: all octaves 2^n..2^(n+1)-1 are
// chosen equally often, and so are the ranks in one. In integers alone, as logarithms are not the
// same on every machine.
class Ranks {
 public:
  explicit Ranks(uint64_t keys) : keys_(keys) {
    while ((uint64_t{2} << octaves_) <= keys) ++octaves_;
    // The last octave is not complete.
    const uint64_t last = ((keys - (uint64_t{1} << octaves_)) << kFraction) >> octaves_;
    weights_ = (octaves_ << kFraction) + last;
  }

  uint64_t Choose(Random& random) const {
    const uint64_t octave = random.Below(weights_) >> kFraction;
    const uint64_t first = uint64_t{1} << octave;
    return first + random.Below(std::min(2 * first, keys_) - first);
  }

  uint64_t octaves() const { return octaves_; }

 private:
  static constexpr unsigned kFraction = 20;

  const uint64_t keys_;
  uint64_t octaves_ = 0;
  uint64_t weights_;
};

// Writes through a buffer, as rows come.
class File {
 public:
  explicit File(const std::string& path) : path_(path), buffer_(kBuffer + kMaxRow) {
    fd_ = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd_ < 0) Fail();
  }
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Room for a row, of which Written() says where it ends.
  char* at() { return buffer_.data() + used_; }
  void Written(const char* end) {
    used_ = static_cast<size_t>(end - buffer_.data());
    if (used_ >= kBuffer) Flush();
  }
  void Flush() {
    for (size_t done = 0; done < used_ && status_.ok();) {
      const ssize_t n = write(fd_, buffer_.data() + done, used_ - done);
      if (n >= 0) {
        done += static_cast<size_t>(n);
      } else if (errno != EINTR) {
        Fail();
      }
    }
    used_ = 0;
  }
  const absl::Status& status() const { return status_; }

 private:
  // With what is written past the end of a value, to write in steps of eight characters.
  static constexpr size_t kMaxRow = 256;

  void Fail() {
    status_ = absl::InternalError(absl::StrCat("cannot write ", path_, ": ", strerror(errno)));
  }

  const std::string path_;
  std::vector<char> buffer_;
  size_t used_ = 0;
  int fd_;
  absl::Status status_;
};

class Writer {
 public:
  Writer(const RowsSpec& spec, const std::string& path)
      : spec_(spec),
        file_(path),
        keys_(std::max<uint64_t>(
            static_cast<uint64_t>(static_cast<double>(spec.bytes / kMeanRow) *
                                  (spec.keys == RowKeys::kFew ? kFewKeysARow : kKeysARow)),
            2)),
        ranks_(keys_),
        seen_(spec.keys == RowKeys::kUnique ? 0 : keys_) {
    for (size_t pair = 0; pair < pairs_.size(); ++pair) {
      pairs_[pair] = {kLetters[pair / 64], kLetters[pair % 64]};
    }
    // The most frequent key, and one of each octave.
    for (uint64_t octave = 0; octave < ranks_.octaves() && !seen_.empty(); ++octave) {
      const uint64_t first = uint64_t{1} << octave;
      const uint64_t id = IdOf(std::min(first + first / 3, keys_ - 1));
      char key[kUserKey];
      PutUserKey(id, key);
      seen_[id] = kSample;
      samples_[std::string(key, sizeof key)];
    }
  }

  absl::StatusOr<RowsModel> Write() {
    while (model_.bytes < spec_.bytes && file_.status().ok()) Row();
    file_.Flush();
    if (!file_.status().ok()) return file_.status();
    for (const auto& [key, list] : samples_) {
      model_.samples.push_back({key, list.values, list.fingerprint.sum()});
    }
    return std::move(model_);
  }

 private:
  static constexpr size_t kUserKey = 15;
  static constexpr size_t kHexKey = 16;
  // In seen_.
  static constexpr uint8_t kSeen = 1;
  static constexpr uint8_t kSample = 2;

  struct Sample {
    uint64_t values = 0;
    Fingerprint fingerprint;
  };

  // One to one, so that keys that are used as often as each other are not beside each other: the
  // factor is a prime above all `keys_`.
  uint64_t IdOf(uint64_t rank) const { return rank * 2654435761 % keys_; }

  static void PutUserKey(uint64_t id, char* to) {
    std::memcpy(to, "user:", 5);
    for (size_t digit = kUserKey; digit-- > 5; id /= 10)
      to[digit] = static_cast<char>('0' + id % 10);
  }

  static void PutHexKey(uint64_t id, char* to) {
    for (size_t digit = kHexKey; digit-- > 0; id >>= 4) to[digit] = "0123456789abcdef"[id & 15];
  }

  // Puts a key; true if its list is a sample.
  bool PutKey(char* to, size_t* size) {
    if (spec_.keys == RowKeys::kUnique) {
      PutHexKey(Mix(~model_.rows), to);
      *size = kHexKey;
      ++model_.keys;
      return model_.rows % kRowsASample == 0;
    }
    const uint64_t id =
        spec_.keys == RowKeys::kFew ? random_.Below(keys_) : IdOf(ranks_.Choose(random_));
    PutUserKey(id, to);
    *size = kUserKey;
    uint8_t& seen = seen_[id];
    if ((seen & kSeen) == 0) ++model_.keys;
    seen |= kSeen;
    return (seen & kSample) != 0;
  }

  // Twelve bits of a random number are two characters.
  void PutValue(char* to, size_t size) {
    for (size_t at = 0; at < size; at += 8) {
      uint64_t bits = random_.Next();
      for (size_t pair = 0; pair < 4; ++pair, bits >>= 12) {
        std::memcpy(to + at + 2 * pair, pairs_[bits & 4095].data(), 2);
      }
    }
  }

  void Row() {
    char* const row = file_.at();
    size_t key_size;
    const bool sampled = PutKey(row, &key_size);
    row[key_size] = '\t';
    char* const value = row + key_size + 1;
    const size_t size = kMinValue + random_.Below(kMaxValue - kMinValue + 1);
    PutValue(value, size);
    value[size] = '\n';
    if (sampled) {
      Sample& sample = samples_[std::string(row, key_size)];
      ++sample.values;
      sample.fingerprint.Add({value, size});
    }
    ++model_.rows;
    model_.value_bytes += size;
    model_.bytes += key_size + size + 2;
    file_.Written(value + size + 1);
  }

  const RowsSpec spec_;
  File file_;
  const uint64_t keys_;
  const Ranks ranks_;
  std::vector<uint8_t> seen_;  // by id
  std::array<std::array<char, 2>, 4096> pairs_;
  Random random_;
  RowsModel model_;
  std::map<std::string, Sample> samples_;
};

}  // namespace

void Fingerprint::Add(std::string_view value) {
  // FNV-1a, of the size and of every byte.
  constexpr uint64_t kPrime = 0x100000001B3;
  sum_ = (sum_ ^ value.size()) * kPrime;
  for (const char byte : value) sum_ = (sum_ ^ static_cast<unsigned char>(byte)) * kPrime;
}

absl::StatusOr<RowsModel> WriteRows(const RowsSpec& spec, const std::string& path) {
  return Writer(spec, path).Write();
}

}  // namespace bench
}  // namespace sheaf

// Random rows through load, append and export, against an independent model.

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

using Lists = std::map<std::string, std::vector<std::string>>;
using Rows = std::vector<std::pair<std::string, std::string>>;

class RowMaker {
 public:
  explicit RowMaker(unsigned seed) : random_(seed) {}

  // Few keys, so that lists grow; some share long prefixes, some are prefixes of others, some are
  // zero bytes, which padding must not confuse.
  std::string Key() {
    switch (random_() % 5) {
      case 0:
        return std::string(1 + random_() % 12, '\0');
      case 1:
        return std::string(1 + random_() % 40, 'p');
      case 2:
        return "a/very/long/shared/prefix/" + std::to_string(random_() % 50);
      case 3:
        return Bytes(1 + random_() % 3);
      default:
        return "k" + std::to_string(random_() % 300);
    }
  }
  std::string Value() { return Bytes(random_() % 8 == 0 ? random_() % 3000 : random_() % 20); }
  Rows Make(size_t count) {
    Rows rows;
    for (size_t i = 0; i < count; ++i) rows.emplace_back(Key(), Value());
    return rows;
  }

 private:
  std::string Bytes(size_t size) {
    std::string bytes(size, '\0');
    const bool text = random_() % 2 == 0;
    for (char& c : bytes) c = static_cast<char>(text ? ' ' + random_() % 95 : random_() % 256);
    return bytes;
  }

  std::mt19937 random_;
};

// Written here once more, so that the tool's own code is not checked against itself.
std::string Tsv(const Rows& rows) {
  std::string text;
  const auto add = [&text](const std::string& bytes) {
    for (const char c : bytes) {
      char hex[8];
      const unsigned byte = static_cast<unsigned char>(c);
      std::snprintf(hex, sizeof hex, "\\x%02x", byte);
      text += c == '\t'       ? "\\t"
              : c == '\n'     ? "\\n"
              : c == '\\'     ? "\\\\"
              : byte % 7 == 0 ? hex
                              : std::string(1, c);
    }
  };
  for (const auto& [key, value] : rows) {
    add(key);
    text += '\t';
    add(value);
    text += '\n';
  }
  return text;
}

std::string Base64(const std::string& bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    }
    for (size_t j = 0; j < 4; ++j) {
      text += i + j > bytes.size() ? '=' : kDigits[group >> (18 - 6 * j) & 63];
    }
  }
  return text;
}

std::string Jsonl(const Rows& rows) {
  std::string text;
  for (const auto& [key, value] : rows) {
    text += "{\"value\":{\"base64\":\"" + Base64(value) + "\"},\"key\":{\"base64\":\"" +
            Base64(key) + "\"}}\n";
  }
  return text;
}

std::string Framed(const Rows& rows) {
  std::string text;
  for (const auto& [key, value] : rows) {
    for (const size_t size : {key.size(), value.size()}) {
      for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>(size >> shift);
    }
    text += key + value;
  }
  return text;
}

// Each third field in quotes that needs none; the first one too, as a file may begin with any key.
std::string Csv(const Rows& rows) {
  std::string text;
  size_t fields = 0;
  const auto add = [&](const std::string& bytes) {
    if (fields++ % 3 != 0 && bytes.find_first_of("\",\r\n") == bytes.npos) {
      text += bytes;
      return;
    }
    text += '"';
    for (const char c : bytes) text += c == '"' ? "\"\"" : std::string(1, c);
    text += '"';
  };
  for (const auto& [key, value] : rows) {
    add(key);
    text += ',';
    add(value);
    text += fields % 5 == 0 ? "\r\n" : "\n";
  }
  return text;
}

Lists ParseFramed(const std::string& text) {
  Lists lists;
  for (size_t at = 0; at < text.size();) {
    uint32_t sizes[2];
    std::memcpy(sizes, text.data() + at, 8);
    const std::string key = text.substr(at + 8, sizes[0]);
    lists[key].push_back(text.substr(at + 8 + sizes[0], sizes[1]));
    at += 8 + sizes[0] + sizes[1];
  }
  return lists;
}

void Apply(const Rows& rows, Lists* model) {
  for (const auto& [key, value] : rows) (*model)[key].push_back(value);
}

std::string Write(const std::string& format, const Rows& rows) {
  return format == "tsv"     ? Tsv(rows)
         : format == "jsonl" ? Jsonl(rows)
         : format == "csv"   ? Csv(rows)
                             : Framed(rows);
}

class RoundTripTest
    : public ::testing::TestWithParam<std::tuple<std::string, std::string, std::string>> {
 protected:
  const std::string format_ = std::get<0>(GetParam());
  const std::string layout_ = std::get<1>(GetParam());
  const std::string threads_ = std::get<2>(GetParam());
  const std::string folder_ = TestFolder();

  void Load(const std::string& db, const std::string& rows, const std::string& mode = "append") {
    const Result result = RunSheaf({"load", "--db", db, "--format", format_, "--layout", layout_,
                                    "--mode", mode, "--threads", threads_},
                                   rows);
    ASSERT_EQ(result.exit_status, 0) << result.err;
  }
  Lists Export(const std::string& db) {
    const Result result = RunSheaf({"export", "--db", db, "--format", "framed"});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return ParseFramed(result.out);
  }
};

TEST_P(RoundTripTest, RandomLoadsAreWhatTheModelSays) {
  RowMaker maker(7);
  const std::string db = folder_ + "/db";
  Lists model;
  for (int i = 0; i < 3; ++i) {
    const Rows rows = maker.Make(6000);
    Load(db, Write(format_, rows));
    Apply(rows, &model);
    ASSERT_EQ(Export(db), model) << "after load " << i;
  }
  const Rows rows = maker.Make(500);
  Lists replaced;
  Apply(rows, &replaced);
  for (const auto& [key, values] : replaced) model[key] = values;
  Load(db, Write(format_, rows), "replace");
  EXPECT_EQ(Export(db), model);
  EXPECT_EQ(RunSheaf({"verify", "--db", db}).exit_status, 0);
}

TEST_P(RoundTripTest, ExportIsLoadedBackIdentically) {
  RowMaker maker(11);
  const Rows rows = maker.Make(4000);
  Lists model;
  Apply(rows, &model);
  Load(folder_ + "/one", Write(format_, rows));
  const Result first = RunSheaf({"export", "--db", folder_ + "/one", "--format", format_});
  ASSERT_EQ(first.exit_status, 0) << first.err;
  Load(folder_ + "/two", first.out);
  EXPECT_EQ(Export(folder_ + "/two"), model);
  EXPECT_EQ(RunSheaf({"export", "--db", folder_ + "/two", "--format", format_}).out, first.out);
}

INSTANTIATE_TEST_SUITE_P(All, RoundTripTest,
                         ::testing::Combine(::testing::Values("tsv", "jsonl", "framed", "csv"),
                                            ::testing::Values("compact", "fixed64"),
                                            ::testing::Values("1", "2")),
                         [](const auto& info) {
                           return std::get<0>(info.param) + "_" + std::get<1>(info.param) + "_" +
                                  std::get<2>(info.param);
                         });

}  // namespace
}  // namespace testing
}  // namespace sheaf

// What inputs begin with: byte order marks, files that are no rows, and rows of another format.

#include "tools/load/input/content_kind.h"

#include <cstdlib>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

using load::FormatHint;
using load::RowFormat;

const std::string kMark = "\xEF\xBB\xBF";

class ContentKindTest : public ::testing::Test {
 protected:
  // Loads a file of these bytes into a new DB; its lists.
  Result Load(const std::string& bytes, const std::vector<std::string>& more = {}) {
    const std::string file = folder_ + "/input" + std::to_string(++count_);
    WriteFile(file, bytes);
    return LoadFile(file, more);
  }
  Result LoadFile(const std::string& file, const std::vector<std::string>& more = {},
                  const std::string& input = "") {
    const std::string db = folder_ + "/db" + std::to_string(++count_);
    std::vector<std::string> arguments = {"load", "--db", db, "--input", file};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Result result = RunSheaf(arguments, input);
    if (result.exit_status == 0) result.out = RunSheaf({"scan", "--db", db}).out;
    return result;
  }
  std::string Packed(const std::string& program, const std::string& bytes) {
    const std::string file = folder_ + "/packed" + std::to_string(++count_);
    WriteFile(file, bytes);
    const std::string to = file + ".packed";
    EXPECT_EQ(std::system(("{ " + program + "; } < " + file + " > " + to).c_str()), 0) << program;
    return ReadFile(to);
  }

  const std::string folder_ = TestFolder();
  int count_ = 0;
};

TEST_F(ContentKindTest, ByteOrderMarkIsNoPartOfTheFirstRow) {
  const std::string tsv = kMark + "a\t1\nb\t2\n";
  const std::string jsonl =
      kMark + "{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"b\",\"value\":\"2\"}\n";
  for (const auto& [text, format] : {std::pair(tsv, "tsv"), std::pair(jsonl, "jsonl")}) {
    EXPECT_EQ(Load(text, {"--format", format}).out, "a\t1\nb\t2\n") << format;
    EXPECT_EQ(LoadFile("-", {"--format", format}, text).out, "a\t1\nb\t2\n") << format;
    for (const char* const program : {"gzip", "zstd", "lz4"}) {
      EXPECT_EQ(Load(Packed(program, text), {"--format", format}).out, "a\t1\nb\t2\n") << program;
    }
  }
  // Of each input, and only at its front.
  WriteFile(folder_ + "/second", kMark + "c\t3\n" + kMark + "d\t4\n");
  EXPECT_EQ(Load(tsv, {"--input", folder_ + "/second"}).out,
            "a\t1\nb\t2\nc\t3\n" + kMark + "d\t4\n");
  EXPECT_EQ(Load(kMark).exit_status, 0);
  EXPECT_EQ(Load(kMark + "a\t1").out, "a\t1\n");
  // Rows that are not sorted, skipped ones, and their lines.
  const Result skipped = Load(kMark + "bad\nb\t2\na\t1\n", {"--on-error", "skip"});
  EXPECT_EQ(skipped.out, "a\t1\nb\t2\n");
  EXPECT_TRUE(Has(skipped.err, ":1")) << skipped.err;
  EXPECT_TRUE(Has(Load(kMark + "a\t1\r\n").err, "lines end with CR LF"));
  // Frames have any bytes: here the size of a key.
  const std::string key(0xBBEF, 'k');
  const std::string frames = std::string("\xEF\xBB\0\0\1\0\0\0", 8) + key + "v";
  EXPECT_EQ(Load(frames, {"--format", "framed"}).out, key + "\tv\n");
}

// Several threads, each with a part of the file.
TEST_F(ContentKindTest, ByteOrderMarkOfALargeSortedFile) {
  std::string rows;
  for (int i = 1000000; i < 1400000; ++i)
    rows += std::to_string(i) + "\tv" + std::to_string(i) + "\n";
  for (const char* const memory : {"16M", "1G"}) {
    const Result result = Load(kMark + rows, {"--threads", "4", "--memory", memory});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    EXPECT_TRUE(result.out == rows);
  }
}

TEST_F(ContentKindTest, OtherEncodingsSayHowToConvertThem) {
  for (const char* const encoding : {"UTF-16", "UTF-32"}) {
    const std::string text = Packed(std::string("iconv -f UTF-8 -t ") + encoding, "a\t1\n");
    for (const char* const format : {"tsv", "jsonl"}) {
      const Result result = Load(text, {"--format", format});
      EXPECT_EQ(result.exit_status, 1);
      EXPECT_TRUE(Has(result.err, std::string(": is ") + encoding + " text")) << result.err;
      EXPECT_TRUE(Has(result.err, std::string("iconv -f ") + encoding + " -t UTF-8 FILE"))
          << result.err;
    }
  }
  EXPECT_TRUE(Has(Load("\xFE\xFF").err, "UTF-16"));
}

TEST_F(ContentKindTest, FilesThatAreNoRowsAreNamedAndHowToUnpackThem) {
  const std::string rows = "a\t1\n";
  WriteFile(folder_ + "/rows", rows);
  const std::string in = "cd " + folder_ + " && ";
  const std::pair<std::string, const char*> kinds[] = {
      {Packed("bzip2", rows), "is a bzip2 archive; decompress it: bzip2 -dc FILE | sheaf load"},
      {Packed("bzip2", ""), "is a bzip2 archive"},
      {Packed("xz", rows), "is an xz archive; decompress it: xz -dc FILE | sheaf load"},
      {Packed("xz --format=lzma", rows), "is an lzma archive; decompress it: xz -dc --format=lzma"},
      {Packed("lz4 -l", rows), "is an LZ4 archive of the legacy format; decompress it: lz4 -dc"},
      {Packed(in + "tar -cf - rows", ""), "is a tar archive; unpack it: tar -xOf FILE MEMBER"},
      {Packed(in + "tar -cf - rows | gzip", ""), "is a tar archive"},
      {Packed(in + "tar -cf - rows | zstd", ""), "is a tar archive"},
      {Packed("bzip2 | gzip", rows), "is a bzip2 archive"},
      {std::string("PK\3\4\x14\0\0\0", 8), "is a zip archive; unpack it: unzip -p FILE"},
      {"7z\xBC\xAF\x27\x1C.", "is a 7z archive"},
      {"LZIP\1.", "is an lzip archive"},
      {std::string("\xFF\6\0\0sNaPpY", 10), "is a framed snappy archive"},
      {"\x1F\x9D\x90"
       "a",
       "is an archive of compress"},
      {"Rar!\x1A\7.", "is a rar archive"},
      {"\x27\xB5\x2F\xFD....", "is a zstd archive of before 1.0"},
      {"PAR1....PAR1", "is a Parquet file"},
      {std::string("SQLite format 3\0.", 17), "is a SQLite database"},
  };
  for (const auto& [bytes, message] : kinds) {
    for (const char* const format : {"tsv", "jsonl"}) {
      const Result result = Load(bytes, {"--format", format, "--on-error", "skip"});
      EXPECT_EQ(result.exit_status, 1) << message;
      EXPECT_TRUE(Has(result.err, message)) << result.err;
    }
    EXPECT_TRUE(Has(LoadFile("-", {}, bytes).err, std::string("stdin: ") + message));
  }
  ASSERT_EQ(RunSheaf({"load", "--sst-only", folder_ + "/ssts"}, rows).exit_status, 0);
  EXPECT_TRUE(Has(LoadFile(folder_ + "/ssts/000000.sst").err, "is an SST of RocksDB"));
}

TEST_F(ContentKindTest, RowsThatBeginLikeAnArchiveAreRows) {
  for (const char* const key : {"BZh9", "BZh91AY", "PK", "7z", "ORC", "LZIP", "Rar!", "PAR", "Obj",
                                "]", "\x1F\x9D\xFF", "070701", "PAR1", "%PDF-", "Salted__"}) {
    const std::string row = std::string(key) + "\tv\n";
    EXPECT_EQ(Load(row).exit_status, 0) << key;
  }
  // A frame with a key of 0x99D1F bytes.
  const std::string frame = std::string("\x1F\x9D\x09\0\0\0\0\0", 8) + std::string(0x99D1F, 'k');
  EXPECT_EQ(Load(frame, {"--format", "framed"}).exit_status, 0);
}

TEST_F(ContentKindTest, WhatIsExportedIsLoadedAgainWhateverItsFirstKeyIs) {
  for (const std::string& key :
       {kMark, kMark + "a", std::string("\x1F\x8B\x08"), std::string("P*M\x18"),
        std::string("(\xB5/\xFD"), std::string("070701"), std::string("PAR1"),
        std::string("\xFF\xFE"), std::string("\xC3\xA4")}) {
    const std::string size(1, static_cast<char>(key.size()));
    const std::string frame = size + std::string("\0\0\0\2\0\0\0", 7) + key + "v\1";
    const std::string first = folder_ + "/first" + std::to_string(++count_);
    ASSERT_EQ(RunSheaf({"load", "--db", first, "--format", "framed"}, frame).exit_status, 0);
    for (const char* const format : {"tsv", "jsonl", "framed"}) {
      const std::string rows = RunSheaf({"export", "--db", first, "--format", format}).out;
      const std::string second = folder_ + "/second" + std::to_string(++count_);
      ASSERT_EQ(RunSheaf({"load", "--db", second, "--format", format}, rows).exit_status, 0)
          << format << ": " << rows;
      EXPECT_EQ(RunSheaf({"export", "--db", second, "--format", "framed"}).out, frame)
          << format << ": " << rows;
    }
  }
}

TEST_F(ContentKindTest, ArchivesOfSeveralFramesAndWhatFollowsThem) {
  for (const char* const program : {"gzip", "zstd", "lz4"}) {
    const std::string one = Packed(program, "a\t1\n");
    const std::string two = Packed(program, "b\t2\n");
    EXPECT_EQ(Load(one + two).out, "a\t1\nb\t2\n") << program;
    const Result garbage = Load(one + "garbage");
    EXPECT_EQ(garbage.exit_status, 1);
    EXPECT_TRUE(Has(garbage.err, " archive is damaged: ")) << garbage.err;
    const Result cut = Load(one + two.substr(0, two.size() - 3));
    EXPECT_EQ(cut.exit_status, 1);
    EXPECT_TRUE(Has(cut.err, "is truncated")) << cut.err;
  }
  const std::string skippable = std::string("\x50\x2A\x4D\x18\x03\0\0\0", 8) + "abc";
  for (const char* const program : {"zstd", "lz4"}) {
    const std::string archive = Packed(program, "a\t1\n");
    EXPECT_EQ(Load(skippable + skippable + archive).out, "a\t1\n") << program;
    EXPECT_EQ(Load(archive + skippable).out, "a\t1\n") << program;
  }
}

TEST_F(ContentKindTest, RowsOfAnotherFormatAreHintedAt) {
  const std::string json = "{\"key\":\"a\",\"value\":\"1\"}\n";
  const std::string tsv = "key\tvalue\n";
  const std::string frames("\1\0\0\0\1\0\0\0kv", 10);
  const std::pair<std::pair<std::string, const char*>, const char*> cases[] = {
      {{json, "tsv"}, "it looks like JSON; if it is, use --format jsonl"},
      {{kMark + json, "tsv"}, "use --format jsonl"},
      {{json, "framed"}, "use --format jsonl"},
      {{tsv, "jsonl"}, "it looks like key TAB value; if it is, use --format tsv"},
      {{tsv, "framed"}, "use --format tsv"},
      {{frames, "tsv"}, "it looks like frames; if it is, use --format framed"},
      {{frames, "jsonl"}, "use --format framed"},
      {{"[{\"key\":\"a\"}]\n", "jsonl"}, "jq -c '.[]' FILE"},
      {{"[\n {\"key\":\"a\"}\n]\n", "tsv"}, "jq -c '.[]' FILE"},
      {{"{\n \"key\":\"a\",\n \"value\":\"1\"\n}\n", "jsonl"}, "jq -c . FILE"},
  };
  for (const auto& [input, hint] : cases) {
    const Result result = Load(input.first, {"--format", input.second});
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_TRUE(Has(result.err, hint)) << input.first << input.second << ": " << result.err;
  }
  // Not at later rows, nor where nothing is clear.
  EXPECT_FALSE(Has(Load("a\t1\n" + json).err, "--format"));
  EXPECT_FALSE(Has(Load("no tab\n").err, "--format"));
  EXPECT_FALSE(Has(Load("{\"key\":1}\n", {"--format", "jsonl"}).err, "--format"));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf

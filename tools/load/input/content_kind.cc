#include "tools/load/input/content_kind.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "tools/load/input/frame.h"
#include "tools/load/input/row_parser.h"

namespace sheaf {
namespace load {
namespace {

using namespace std::string_view_literals;  // NOLINT: for the zeros in magic numbers

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct Kind {
  size_t at;
  std::string_view magic;
  const char* name;
  const char* instead;
};

constexpr char kTar[] =
    "unpack it: tar -xOf FILE MEMBER | sheaf load (-xOzf if it is compressed by gzip)";
constexpr char kOldZstd[] = "a zstd archive of before 1.0";
constexpr char kUnzstd[] = "decompress it: zstd -dc FILE | sheaf load";
constexpr char kTable[] = "write its rows as text first, with the program that it is of";

// In this order: a longer magic number before one that it begins with.
constexpr Kind kKinds[] = {
    {0, "BZh"sv, "a bzip2 archive", "decompress it: bzip2 -dc FILE | sheaf load"},
    {0,
     "\xFD"
     "7zXZ\0"sv,
     "an xz archive", "decompress it: xz -dc FILE | sheaf load"},
    {0, "7z\xBC\xAF\x27\x1C"sv, "a 7z archive", "unpack it: 7z x -so FILE | sheaf load"},
    {0, "PK\x03\x04"sv, "a zip archive", "unpack it: unzip -p FILE | sheaf load"},
    {0, "PK\x05\x06"sv, "an empty zip archive", "it holds no rows"},
    {0, "PK\x07\x08"sv, "a zip archive in parts", "join and unpack it: unzip -p FILE | sheaf load"},
    {0, "Rar!\x1A\x07"sv, "a rar archive", "unpack it: unrar p -inul FILE | sheaf load"},
    {0, "LZIP\x01"sv, "an lzip archive", "decompress it: lzip -dc FILE | sheaf load"},
    {0, "\x89LZO\0\r\n\x1A\n"sv, "an lzop archive", "decompress it: lzop -dc FILE | sheaf load"},
    {0, "\xFF\x06\0\0sNaPpY"sv, "a framed snappy archive",
     "decompress it: snzip -dc FILE | sheaf load"},
    {0, "\x02\x21\x4C\x18"sv, "an LZ4 archive of the legacy format",
     "decompress it: lz4 -dc FILE | sheaf load"},
    {0, "\x1F\xA0"sv, "an archive of compress -H", "decompress it: gzip -dc FILE | sheaf load"},
    {0, "\x1F\x1E"sv, "an archive of pack", "decompress it: gzip -dc FILE | sheaf load"},
    {0, "\x28\xB5\x2F\xFD"sv, "", ""},  // zstd, which is decompressed
    // Not of version 0.2 of 2015, whose first byte is a quote: a csv file may begin so.
    {0, "\x1E\xB5\x2F\xFD"sv, kOldZstd, kUnzstd},
    {0, "\x23\xB5\x2F\xFD"sv, kOldZstd, kUnzstd},
    {0, "\x24\xB5\x2F\xFD"sv, kOldZstd, kUnzstd},
    {0, "\x25\xB5\x2F\xFD"sv, kOldZstd, kUnzstd},
    {0, "\x26\xB5\x2F\xFD"sv, kOldZstd, kUnzstd},
    {0, "\x27\xB5\x2F\xFD"sv, kOldZstd, kUnzstd},
    {0, "!<arch>\n"sv, "an ar archive", "unpack it: ar p FILE MEMBER | sheaf load"},
    {0, "\xED\xAB\xEE\xDB"sv, "an rpm package", "unpack it with rpm2cpio"},
    {0, "MSCF\0\0\0\0"sv, "a cabinet archive", "unpack it: cabextract -p FILE | sheaf load"},
    {0, "070701"sv, "a cpio archive", "unpack it with cpio -i"},
    {0, "070707"sv, "a cpio archive", "unpack it with cpio -i"},
    {257, "ustar"sv, "a tar archive", kTar},
    {0, "PAR1"sv, "a Parquet file", kTable},
    {0, "ORC"sv, "an ORC file", kTable},
    {0, "Obj\x01"sv, "an Avro file", "write it as JSON lines first: avro-tools tojson FILE"},
    {0, "ARROW1\0\0"sv, "an Arrow file", kTable},
    {0, "FEA1"sv, "a Feather file", kTable},
    {0, "\x89HDF\r\n\x1A\n"sv, "an HDF5 file", kTable},
    {0, "SQLite format 3\0"sv, "a SQLite database",
     "write its rows first: sqlite3 -tabs FILE 'select key, value from t' | sheaf load"},
    {0, "%PDF-"sv, "a PDF file", "it holds no rows"},
    {0,
     "\x7F"
     "ELF"sv,
     "a program", "it holds no rows"},
    {0, "Salted__"sv, "a file that openssl has encrypted", "decrypt it first"},
};

// Their number is the end of an SST of RocksDB.
constexpr std::string_view kSstTails[] = {
    "\xf7\xcf\xf4\x85\xb7\x41\xe2\x88"sv,  // block-based
    "\x57\xfb\x80\x8b\x24\x75\x47\xdb"sv,  // the same, legacy
    "\x64\x95\xbf\x63\x96\x22\x42\x82"sv,  // plain
    "\x46\x4d\xae\xa4\x84\x5d\x6c\x4f"sv,  // the same, legacy
    "\x73\x78\xf1\xc5\xd0\x89\x67\x92"sv,  // cuckoo
};

bool StartsWith(std::string_view text, std::string_view part) {
  return text.substr(0, part.size()) == part;
}

// Some magic numbers are so short that a row could begin with them: more has to be right.
bool IsOf(const Kind& kind, std::string_view front) {
  if (front.size() < kind.at || !StartsWith(front.substr(kind.at), kind.magic)) return false;
  const auto byte = [&front](size_t i) { return static_cast<uint8_t>(front[i]); };
  if (kind.magic == "BZh") {
    const std::string_view block = front.substr(std::min<size_t>(4, front.size()), 6);
    return front.size() >= 10 && byte(3) >= '1' && byte(3) <= '9' &&
           (block == "1AY&SY" || block == "\x17\x72\x45\x38\x50\x90");
  }
  if (kind.at == 1) return byte(0) == 0x1E || (byte(0) >= 0x22 && byte(0) <= 0x27);
  if (kind.magic == "ORC") return front.find('\t') == std::string_view::npos;
  return true;
}

// Without a magic number that is long enough.
const char* CompressedKind(std::string_view front) {
  const auto byte = [&front](size_t i) { return static_cast<uint8_t>(front[i]); };
  // The largest number of bits, 9 to 16, whether codes are reset, and two bits that are not used.
  if (StartsWith(front, "\x1F\x9D") && front.size() > 2 && (byte(2) & 0x60) == 0 &&
      (byte(2) & 0x1F) >= 9 && (byte(2) & 0x1F) <= 16) {
    return "an archive of compress; decompress it: gzip -dc FILE | sheaf load";
  }
  // Properties, a dictionary of a power of 2, the size or that it is not known, a zero.
  if (StartsWith(front, "\x5D\0\0"sv) && front.size() > 13 && byte(13) == 0 &&
      (front.substr(5, 8) == "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF" ||
       front.substr(10, 3) == "\0\0\0"sv)) {
    return "an lzma archive; decompress it: xz -dc --format=lzma FILE | sheaf load";
  }
  return nullptr;
}

// In UTF-8 no text begins so.
const char* WideEncoding(std::string_view front) {
  if (StartsWith(front, "\xFF\xFE\0\0"sv)) return "UTF-32";
  if (StartsWith(front, "\0\0\xFE\xFF"sv)) return "UTF-32";
  if (StartsWith(front, "\xFF\xFE") || StartsWith(front, "\xFE\xFF")) return "UTF-16";
  return nullptr;
}

std::string_view WithoutSpace(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

bool LooksLikeArray(std::string_view front) {
  front = WithoutSpace(front);
  if (front.empty() || front[0] != '[') return false;
  const std::string_view inside = WithoutSpace(front.substr(1));
  return !inside.empty() && (inside[0] == '{' || inside[0] == '[' || inside[0] == '"');
}

bool LooksLikeObject(std::string_view front) {
  front = WithoutSpace(front);
  if (front.empty() || front[0] != '{') return false;
  const std::string_view inside = WithoutSpace(front.substr(1));
  return !inside.empty() && inside[0] == '"';
}

// Sizes have zeros where text has none.
bool LooksLikeFrames(std::string_view front) {
  if (front.size() <= kFrameHeaderBytes || front[3] != '\0' || front[7] != '\0') return false;
  const size_t key = FrameKeySize(front.data());
  return key >= 1 && key <= kMaxKeyBytes;
}

bool LooksLikeCsv(std::string_view front) {
  const std::string_view line = front.substr(0, front.find('\n'));
  const size_t comma = line.find(',');
  return comma != 0 && comma != std::string_view::npos &&
         std::all_of(line.begin(), line.end(),
                     [](char c) { return c == '\r' || static_cast<uint8_t>(c) >= ' '; });
}

bool LooksLikeTsv(std::string_view front) {
  const std::string_view line = front.substr(0, front.find('\n'));
  const size_t tab = line.find('\t');
  return tab != 0 && tab != std::string_view::npos &&
         std::all_of(line.begin(), line.end(), [](char c) {
           return c == '\t' || c == '\r' || static_cast<uint8_t>(c) >= ' ';
         });
}

}  // namespace

size_t ByteOrderMark(std::string_view front, RowFormat format) {
  return format != RowFormat::kFramed && StartsWith(front, kByteOrderMark) ? kByteOrderMark.size()
                                                                           : 0;
}

std::string ForeignContent(std::string_view front, std::string_view tail, RowFormat format) {
  // A key may be 070701 or PAR1.
  if (format == RowFormat::kTsv && LooksLikeTsv(front)) return "";
  if (format == RowFormat::kCsv && LooksLikeCsv(front)) return "";
  // The first four bytes of frames are the size of a key, which may be any up to a limit.
  if (format == RowFormat::kFramed && (front.size() < 4 || LoadU32(front.data()) <= kMaxKeyBytes)) {
    return "";
  }
  for (const Kind& kind : kKinds) {
    if (!IsOf(kind, front)) continue;
    return *kind.name == '\0' ? "" : absl::StrCat("is ", kind.name, "; ", kind.instead);
  }
  if (const char* const kind = CompressedKind(front)) return absl::StrCat("is ", kind);
  if (std::find(std::begin(kSstTails), std::end(kSstTails), tail) != std::end(kSstTails)) {
    return "is an SST of RocksDB; export the DB that it is of (sheaf export), or ingest it: "
           "ldb --db=DIR ingest_extern_sst FILE";
  }
  if (format == RowFormat::kFramed) return "";
  if (const char* const encoding = WideEncoding(front)) {
    return absl::StrCat("is ", encoding,
                        " text, as its byte order mark says; expected UTF-8: ", "iconv -f ",
                        encoding, " -t UTF-8 FILE | sheaf load");
  }
  return "";
}

bool MayBeginRows(std::string_view key) {
  // Longer than the magic numbers of archives that are decompressed.
  const std::string_view front = key.substr(0, 8);
  // A TAB of the key is none of the row.
  std::string escaped(key.substr(0, kFrontBytes));
  std::replace(escaped.begin(), escaped.end(), '\t', ' ');
  return std::none_of(front.begin(), front.end(),
                      [](char c) { return static_cast<uint8_t>(c) < ' '; }) &&
         ByteOrderMark(key, RowFormat::kTsv) == 0 &&
         ForeignContent(escaped, "", RowFormat::kTsv).empty();
}

std::string FormatHint(std::string_view front, RowFormat format) {
  constexpr char kArray[] =
      "it looks like a JSON array, and rows are an object a line: jq -c '.[]' FILE | sheaf load "
      "--format jsonl";
  front.remove_prefix(ByteOrderMark(front, RowFormat::kTsv));
  if (format == RowFormat::kJsonl) {
    if (LooksLikeArray(front)) return kArray;
    if (LooksLikeObject(front)) {
      const size_t line = front.find('\n');
      const bool open = line != std::string_view::npos &&
                        front.substr(0, line).find('}') == std::string_view::npos;
      return open ? "it looks like JSON over several lines, and a row is one line: jq -c . FILE | "
                    "sheaf load --format jsonl"
                  : "";
    }
  } else {
    if (LooksLikeArray(front)) return kArray;
    if (LooksLikeObject(front)) return "it looks like JSON; if it is, use --format jsonl";
  }
  if (format != RowFormat::kFramed && LooksLikeFrames(front)) {
    return "it looks like frames; if it is, use --format framed";
  }
  if (format != RowFormat::kTsv && LooksLikeTsv(front)) {
    return "it looks like key TAB value; if it is, use --format tsv";
  }
  return "";
}

}  // namespace load
}  // namespace sheaf

// Any bytes at all, as a run of sorted rows that an interrupted load left: it is refused, or read
// to its end. And any rows, written as a run: they are read back.
//
// The first byte chooses: bytes as they are (0); blocks and a footer whose checksums are right, as
// somebody else could have written them (1); rows (2).

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#define XXH_INLINE_ALL
#include "rocksdb/comparator.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"
#include "tools/load/sort/row_table.h"
#include "tools/load/sort/run_file.h"
#include "tools/load/sort/run_writer.h"
#include "xxhash.h"

namespace sheaf {
namespace load {
namespace {

using fuzz::Check;

const KeyOrder& Order() {
  static const KeyOrder order(rocksdb::BytewiseComparator());
  return order;
}

// Not a MemoryFile, as those are links, and a run may be none.
const std::string& Path() {
  static const std::string path = fuzz::NewFolder("runs") + "/run-000000";
  return path;
}

template <typename Number>
void Append(Number number, std::string* out) {
  out->append(reinterpret_cast<const char*>(&number), sizeof number);
}

void AppendBlock(std::string_view bytes, uint32_t rows_bytes, std::string* out) {
  Append(static_cast<uint32_t>(bytes.size()), out);
  Append(rows_bytes, out);
  Append(static_cast<uint64_t>(XXH3_64bits_withSeed(bytes.data(), bytes.size(), rows_bytes)), out);
  out->append(bytes);
}

// What a run of these blocks is; the last is the footer.
std::string Sealed(fuzz::Input* input) {
  std::string file("SHEAFRUN\1\0\0\0", 12);
  for (unsigned blocks = input->Byte() % 4; blocks != 0; --blocks) {
    const uint32_t rows_bytes = input->Byte();  // 0: not compressed
    AppendBlock(input->Text(), rows_bytes, &file);
  }
  const uint64_t footer = file.size();
  AppendBlock(input->Rest(), 0, &file);
  const auto size = static_cast<uint32_t>(file.size() - footer);
  Append(footer, &file);
  Append(size, &file);
  Append(uint32_t{1}, &file);
  return file;
}

void CheckStatus(const absl::Status& status) {
  Check(absl::IsDataLoss(status), "a damaged run is DataLoss", status.ToString());
  Check(status.message().find(Path()) != absl::string_view::npos, "an error names its file",
        status.message());
}

void CheckAnyRun(std::string_view bytes) {
  fuzz::WriteFile(Path(), bytes);
  const absl::StatusOr<std::unique_ptr<Run>> run = Run::Open(Path());
  if (!run.ok()) return CheckStatus(run.status());
  (*run)->set_order(&Order());
  const absl::Status verified = (*run)->Verify(RowRange());
  if (!verified.ok()) CheckStatus(verified);
  const std::unique_ptr<SortedRows> rows = (*run)->Read(RowRange());
  uint64_t bytes_read = 0;
  while (rows->Next()) {
    // Touches them, for sanitizers.
    for (const std::string_view text : {rows->key(), rows->body()}) {
      bytes_read += static_cast<uint64_t>(std::count(text.begin(), text.end(), 'x')) + 1;
    }
    Check(bytes_read <= 1024 * (bytes.size() + 1), "there are no more rows than bytes");
  }
  if (!rows->status().ok()) CheckStatus(rows->status());
  RowRange range;
  range.has_begin = true;
  range.begin = "m";
  (*run)->Samples();
  const std::unique_ptr<SortedRows> part = (*run)->Read(range);
  while (part->Next()) Check(part->key() >= range.begin, "rows of a range lie in it", part->key());
}

struct Row {
  std::string key;
  std::string body;
  uint64_t position;
  bool operator==(const Row& other) const {
    return key == other.key && body == other.body && position == other.position;
  }
};

std::vector<Row> RowsOf(SortedRows& rows) {
  std::vector<Row> all;
  while (rows.Next()) {
    all.push_back({std::string(rows.key()), std::string(rows.body()), rows.position()});
  }
  Check(rows.status().ok(), "rows that were written are read", rows.status().message());
  return all;
}

void CheckWriteAndRead(fuzz::Input* input) {
  RowTable table(uint64_t{16} << 20);
  const RunCompression compression =
      input->Byte() % 2 == 0 ? RunCompression::kAlways : RunCompression::kNever;
  for (uint64_t chunk = 0; !input->empty(); ++chunk) {
    table.BeginChunk(chunk * 100);
    for (unsigned rows = input->Byte() % 8; rows != 0; --rows) {
      std::string key(input->Text());
      if (key.empty()) key = "k";
      std::vector<std::string_view> values(input->Byte() % 4);
      for (std::string_view& value : values) value = input->Text();
      Check(table.Add(key, values).ok(), "a row fits");
    }
  }
  if (table.empty()) return;
  Check(table.Sort(Order()).ok(), "rows can be sorted");
  std::remove(Path().c_str());
  {
    auto writer = RunWriter::Create(Path(), Order(), compression);
    Check(writer.ok(), "a run can be made", writer.status().message());
    const absl::Status status = (*writer)->Write(*table.Read(RowRange()), table.positions());
    Check(status.ok(), "a run can be written", status.message());
  }
  const absl::StatusOr<std::unique_ptr<Run>> run = Run::Open(Path());
  Check(run.ok(), "a run that was written is opened", run.status().message());
  (*run)->set_order(&Order());
  Check((*run)->Verify(RowRange()).ok(), "a run that was written is whole");
  Check(RowsOf(*(*run)->Read(RowRange())) == RowsOf(*table.Read(RowRange())), "rows come back");
  RowRange range;
  range.has_end = true;
  range.end = "m";
  Check(RowsOf(*(*run)->Read(range)) == RowsOf(*table.Read(range)), "rows of a range come back");
}

}  // namespace
}  // namespace load
}  // namespace sheaf

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sheaf::fuzz::Input input(data, size);
  switch (input.Byte() % 3) {
    case 0:
      sheaf::load::CheckAnyRun(input.Rest());
      break;
    case 1:
      sheaf::load::CheckAnyRun(sheaf::load::Sealed(&input));
      break;
    default:
      sheaf::load::CheckWriteAndRead(&input);
  }
  return 0;
}

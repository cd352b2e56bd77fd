#include "tools/load/resume/record_fields.h"

#include <filesystem>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/load/load_files.h"

namespace sheaf {
namespace load {
namespace {

constexpr uint64_t kMaxIndex = (uint64_t{1} << 48) - 1;

}  // namespace

void AddNumber(uint64_t number, JournalRecord* record) { record->push_back(absl::StrCat(number)); }

void AddName(const std::string& path, JournalRecord* record) {
  record->push_back(std::filesystem::path(path).filename().string());
}

void AddChunks(const std::vector<ChunkRead>& chunks, JournalRecord* record) {
  AddNumber(chunks.size(), record);
  for (const ChunkRead& chunk : chunks) {
    AddNumber(chunk.begin, record);
    AddNumber(chunk.end, record);
    AddNumber(chunk.lines, record);
    AddNumber(chunk.rejects ? 1 : 0, record);
  }
}

void AddFiles(const RangeFiles& files, JournalRecord* record) {
  AddNumber(files.keys, record);
  AddNumber(files.values, record);
  AddNumber(files.files.size(), record);
  for (const SstFile& file : files.files) {
    AddName(file.path, record);
    record->push_back(file.smallest);
    record->push_back(file.largest);
    AddNumber(file.bytes, record);
    AddNumber(file.keys, record);
    AddNumber(file.piece ? 1 : 0, record);
  }
}

std::string FieldReader::Text() {
  if (ok_ && at_ < record_.size()) return record_[at_++];
  ok_ = false;
  return "";
}

uint64_t FieldReader::Number() {
  uint64_t number = 0;
  if (absl::SimpleAtoi(Text(), &number)) return number;
  ok_ = false;
  return 0;
}

uint64_t FieldReader::Index() {
  const uint64_t index = Number();
  ok_ = ok_ && index <= kMaxIndex;
  return ok_ ? index : 0;
}

uint64_t FieldReader::Count(uint64_t fields) {
  const uint64_t count = Number();
  if (!ok_ || count > (record_.size() - at_) / fields) ok_ = false;
  return ok_ ? count : 0;
}

std::string FieldReader::Run(uint64_t* number) {
  const std::string name = Text();
  ok_ = ok_ && ParseRunName(name, number);
  return ok_ ? absl::StrCat(folder_, "/", name) : "";
}

std::string FieldReader::Sst() {
  const std::string name = Text();
  ok_ = ok_ && IsSstName(name);
  return ok_ ? absl::StrCat(folder_, "/", name) : "";
}

std::vector<ChunkRead> FieldReader::Chunks() {
  std::vector<ChunkRead> chunks;
  for (uint64_t left = Count(4); left != 0; --left) {
    ChunkRead chunk;
    chunk.begin = Number();
    chunk.end = Number();
    chunk.lines = Number();
    chunk.rejects = Flag();
    chunks.push_back(chunk);
  }
  return chunks;
}

RangeFiles FieldReader::Files() {
  RangeFiles files;
  files.keys = Number();
  files.values = Number();
  for (uint64_t left = Count(6); left != 0; --left) {
    SstFile file;
    file.path = Sst();
    file.smallest = Text();
    file.largest = Text();
    file.bytes = Number();
    file.keys = Number();
    file.piece = Flag();
    files.files.push_back(std::move(file));
  }
  return files;
}

}  // namespace load
}  // namespace sheaf

// Record fields: numbers, names of files and lists of chunks, as fields of a journal's record.
//
// FieldReader believes nothing: a number that fits nothing, or a name that no load gives to a file,
// makes ok() false, and all fields from there on are empty.
//
// Thread safety: none.
//
//   JournalRecord record = {"range"};
//   AddNumber(3, &record);
//   const std::string folder = "/tmp/sheaf-load-Zk3bQx";
//   FieldReader fields(record, folder);
//   const uint64_t range = fields.Number();
//   if (!fields.ok() || !fields.at_end()) return absl::DataLossError("...");

#ifndef SHEAF_TOOLS_LOAD_RESUME_RECORD_FIELDS_H_
#define SHEAF_TOOLS_LOAD_RESUME_RECORD_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/load/input/chunk_reader.h"
#include "tools/load/output/sst_builder.h"
#include "tools/load/resume/journal_records.h"

namespace sheaf {
namespace load {

void AddNumber(uint64_t number, JournalRecord* record);
// The name of a file, without its folder: that may have been moved when the record is read.
void AddName(const std::string& path, JournalRecord* record);
void AddChunks(const std::vector<ChunkRead>& chunks, JournalRecord* record);
void AddFiles(const RangeFiles& files, JournalRecord* record);

// Reads fields in the order in which they were added.
class FieldReader {
 public:
  // `folder`: of the files that the record names. Borrows both.
  FieldReader(const JournalRecord& record, const std::string& folder)
      : record_(record), folder_(folder) {}

  std::string Text();
  uint64_t Number();
  bool Flag() { return Number() != 0; }
  // Number of a range or part. There can be a next one.
  uint64_t Index();
  // Number of things that follow, each of which has so many `fields`.
  uint64_t Count(uint64_t fields);
  // Paths in the folder. `*number`: that of the run.
  std::string Run(uint64_t* number);
  std::string Sst();
  std::vector<ChunkRead> Chunks();
  RangeFiles Files();

  bool ok() const { return ok_; }
  // All fields were read.
  bool at_end() const { return at_ == record_.size(); }
  // Index of the next field.
  size_t at() const { return at_; }

 private:
  const JournalRecord& record_;
  const std::string& folder_;
  size_t at_ = 1;  // behind the kind
  bool ok_ = true;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_RESUME_RECORD_FIELDS_H_

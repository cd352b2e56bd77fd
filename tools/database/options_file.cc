#include "tools/database/options_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/convenience.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"
#include "rocksdb/table.h"
#include "rocksdb/utilities/options_util.h"
#include "rocksdb/version.h"
#include "sheaf/plugin.h"
#include "tools/common/text.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

// RocksDB writes a section of options of tables last, and a line of spaces last in each section.
// A file that is cut at the end of a line would be read without a complaint otherwise.
std::string WhyCut(const std::string& text) {
  const size_t section = text.rfind("\n[");
  if (section == std::string::npos || text.compare(section + 2, 12, "TableOptions") != 0) {
    return "its last section is not TableOptions";
  }
  if (text.back() != '\n') return "its last line has no end";
  const size_t line = text.find_last_of('\n', text.size() - 2);
  if (text.find_first_not_of(" \t\r\n", line + 1) != std::string::npos) {
    return "it does not end with an empty line";
  }
  return "";
}

bool IsOfLaterRocksDb(const std::string& text) {
  constexpr std::string_view kName = "rocksdb_version=";
  const size_t at = text.find(kName);
  if (at == std::string::npos) return false;
  char* end = nullptr;
  const unsigned long major = std::strtoul(text.c_str() + at + kName.size(), &end, 10);
  const unsigned long minor = *end == '.' ? std::strtoul(end + 1, nullptr, 10) : 0;
  return major > ROCKSDB_MAJOR || (major == ROCKSDB_MAJOR && minor > ROCKSDB_MINOR);
}

// As RocksDB escapes a name in the title of a section.
std::string EscapedName(const std::string& name) {
  std::string escaped;
  for (const char c : name) {
    if (c == '\n' || c == '\r') {
      escaped += c == '\n' ? "\\n" : "\\r";
      continue;
    }
    if (c == '\\' || c == '#' || c == ':') escaped.push_back('\\');
    escaped.push_back(c);
  }
  return escaped;
}

// `text` with what `change` makes of each line that has a compaction filter. It gets the section
// and the option's name, which are the key of OptionsFile::filters, and the line.
std::string ForFilters(
    const std::string& text,
    const std::function<std::string(const std::string&, const std::string&)>& change) {
  std::string changed, section, line;
  std::istringstream lines(text);
  while (std::getline(lines, line)) {
    if (line.rfind('[', 0) == 0) section = line;
    const size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
    const std::string name = line.substr(begin, line.find('=') - begin);
    if (name == "compaction_filter" || name == "compaction_filter_factory") {
      line = change(absl::StrCat(section, " ", name), line);
    }
    absl::StrAppend(&changed, line, "\n");
  }
  return changed;
}

// A file that is a text in memory.
class TextFile final : public rocksdb::FSSequentialFile {
 public:
  explicit TextFile(std::string text) : text_(std::move(text)) {}
  rocksdb::IOStatus Read(size_t n, const rocksdb::IOOptions&, rocksdb::Slice* result, char* scratch,
                         rocksdb::IODebugContext*) override {
    n = std::min(n, text_.size() - at_);
    std::copy_n(text_.data() + at_, n, scratch);
    *result = rocksdb::Slice(scratch, n);
    at_ += n;
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Skip(uint64_t n) override {
    at_ += std::min<uint64_t>(n, text_.size() - at_);
    return rocksdb::IOStatus::OK();
  }

 private:
  const std::string text_;
  size_t at_ = 0;
};

// On which every file has the same text.
class TextFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit TextFileSystem(std::string text)
      : FileSystemWrapper(rocksdb::Env::Default()->GetFileSystem()), text_(std::move(text)) {}
  const char* Name() const override { return "sheaf.text"; }
  rocksdb::IOStatus NewSequentialFile(const std::string&, const rocksdb::FileOptions&,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext*) override {
    *file = std::make_unique<TextFile>(text_);
    return rocksdb::IOStatus::OK();
  }

 private:
  const std::string text_;
};

absl::Status UnknownObject(const std::string& where, const rocksdb::Status& status) {
  std::string what = status.ToString();
  // "Invalid argument: Could not load <type>: <name>"
  for (const std::string_view lead :
       {"Not implemented: ", "Invalid argument: ", "Could not load "}) {
    if (what.rfind(lead, 0) == 0) what.erase(0, lead.size());
  }
  return absl::FailedPreconditionError(
      absl::StrCat(where, ": names an object that this program does not have: ", what,
                   ". Only a program that registers this object can open the DB: use the "
                   "application, or preload a library that registers it (LD_PRELOAD)"));
}

}  // namespace

std::vector<std::string> OptionsFile::Names(const std::string& path) {
  constexpr std::string_view kPrefix = "OPTIONS-";
  std::vector<std::pair<uint64_t, std::string>> found;
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.rfind(kPrefix, 0) != 0) continue;
    char* stop = nullptr;
    const uint64_t number = std::strtoull(name.c_str() + kPrefix.size(), &stop, 10);
    if (*stop == '\0') found.emplace_back(number, name);  // else one that is being written
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<std::string> names;
  for (auto& [number, name] : found) names.push_back(std::move(name));
  return names;
}

absl::StatusOr<OptionsFile> OptionsFile::Read(const std::string& path, const std::string& name) {
  RegisterPlugin();
  const std::string where = path + "/" + name;
  OptionsFile file;
  file.name = name;
  errno = 0;
  std::ifstream in(where, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in || in.bad()) {
    return absl::FailedPreconditionError(
        absl::StrCat(where, ": cannot read the DB's OPTIONS: ", ErrnoText(errno)));
  }
  file.text = text.str();
  if (const std::string why = WhyCut(file.text); !why.empty()) {
    return absl::DataLossError(absl::StrCat(where, " is cut off: ", why));
  }
  rocksdb::ConfigOptions config;
  config.ignore_unsupported_options = false;
  const std::unique_ptr<rocksdb::Env> env =
      rocksdb::NewCompositeEnv(std::make_shared<TextFileSystem>(
          ForFilters(file.text, [&](const auto& key, const auto& line) {
            file.filters.emplace(key, line);
            return line.substr(0, line.find('=')) + "=nullptr";
          })));
  config.env = env.get();
  const rocksdb::Status status =
      rocksdb::LoadOptionsFromFile(config, where, &file.db_options, &file.families);
  if (status.ok()) return file;
  if (status.IsNotSupported() || absl::StrContains(status.ToString(), "Could not load")) {
    return UnknownObject(where, status);
  }
  if (status.IsIOError()) {
    return absl::FailedPreconditionError(
        absl::StrCat(where, ": cannot read the DB's OPTIONS: ", status.ToString()));
  }
  if (IsOfLaterRocksDb(file.text)) {
    return absl::FailedPreconditionError(absl::StrCat(
        where, ": was written by a later RocksDB than that of this program, ", ROCKSDB_MAJOR, ".",
        ROCKSDB_MINOR, ".", ROCKSDB_PATCH, ", and has options that it does not know: ",
        status.ToString(), ". Use a sheaf that is built with that RocksDB"));
  }
  return absl::DataLossError(absl::StrCat(where, " is damaged: ", status.ToString()));
}

absl::StatusOr<OptionsFile> OptionsFile::ReadLatest(const std::string& path) {
  std::string damaged;
  for (const std::string& name : Names(path)) {
    absl::StatusOr<OptionsFile> file = Read(path, name);
    if (file.ok()) {
      if (!damaged.empty()) {
        file->note = absl::StrCat(damaged, "; the file before it is used, ", name);
      }
      return file;
    }
    if (!absl::IsDataLoss(file.status())) return file.status();
    absl::StrAppend(&damaged, damaged.empty() ? "" : "; ", file.status().message());
  }
  return absl::DataLossError(absl::StrCat(
      path, ": cannot read the DB's OPTIONS: ",
      damaged.empty() ? "there is no file OPTIONS-<number> in it" : damaged,
      ". Open the DB once with the application, which writes OPTIONS; or, if it had no options of "
      "its own, `sheaf repair --layout compact` (or fixed64) writes OPTIONS of a DB of lists"));
}

absl::StatusOr<OptionsFile> OptionsFile::Default(const std::string& path) {
  OptionsFile file;
  std::vector<std::string> names;
  const rocksdb::Status status = rocksdb::DB::ListColumnFamilies(file.db_options, path, &names);
  if (!status.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": cannot read the DB's MANIFEST: ", status.ToString()));
  }
  for (const std::string& name : names) {
    file.families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  }
  file.Rewrite();
  return file;
}

void OptionsFile::Rewrite() {
  rocksdb::ConfigOptions config;
  config.delimiter = "\n  ";
  std::string part;
  const auto section = [&](const std::string& title, const rocksdb::Status& status) {
    status.PermitUncheckedError();  // all of them could be read
    absl::StrAppend(&text, "[", title, "]\n  ", part, "\n");
    part.clear();
  };
  text = absl::StrCat(
      "# This is a RocksDB option file.\n\n[Version]\n  rocksdb_version=", ROCKSDB_MAJOR, ".",
      ROCKSDB_MINOR, ".", ROCKSDB_PATCH, "\n  options_file_version=1.1\n\n");
  section("DBOptions", rocksdb::GetStringFromDBOptions(config, db_options, &part));
  for (const rocksdb::ColumnFamilyDescriptor& family : families) {
    const std::string named = absl::StrCat(" \"", EscapedName(family.name), "\"");
    absl::StrAppend(&text, "\n");
    section("CFOptions" + named,
            rocksdb::GetStringFromColumnFamilyOptions(config, family.options, &part));
    const auto& table = family.options.table_factory;
    if (table == nullptr) continue;
    section(absl::StrCat("TableOptions/", table->Name(), named),
            table->GetOptionString(config, &part));
  }
  text = ForFilters(text, [&](const auto& key, const auto& line) {
    const auto found = filters.find(key);
    return found == filters.end() ? line : found->second;
  });
}

}  // namespace load
}  // namespace sheaf

#include "sheaf/open_db.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "plugin/rocksdb/append_operator_impl.h"
#include "rocksdb/convenience.h"
#include "rocksdb/env.h"
#include "rocksdb/utilities/options_util.h"
#include "sheaf/append_operator.h"

namespace sheaf {
namespace {

constexpr absl::string_view kNone = "nullptr";

// The value of `merge_operator` of each column family in an OPTIONS file.
using Operators = std::map<std::string, std::string>;

// A name of a column family as it was before RocksDB escaped it for the title of a section.
std::string Unescaped(absl::string_view escaped) {
  std::string name;
  for (size_t i = 0; i < escaped.size(); ++i) {
    char c = escaped[i];
    if (c == '\\' && i + 1 < escaped.size()) {
      c = escaped[++i];
      if (c == 'n') c = '\n';
      if (c == 'r') c = '\r';
    }
    name.push_back(c);
  }
  return name;
}

// Reads only what is asked for, instead of RocksDB's parser: that leaves out, or stops at, an
// object that nobody registered.
Operators ParseOperators(absl::string_view options_file) {
  Operators operators;
  std::string family;
  bool in_family = false;
  for (absl::string_view line : absl::StrSplit(options_file, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (absl::ConsumePrefix(&line, "[")) {
      in_family = absl::ConsumePrefix(&line, "CFOptions \"") && absl::ConsumeSuffix(&line, "\"]");
      if (in_family) family = Unescaped(line);
      continue;
    }
    const std::pair<absl::string_view, absl::string_view> option =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    if (in_family && absl::StripAsciiWhitespace(option.first) == "merge_operator") {
      operators[family] = std::string(absl::StripAsciiWhitespace(option.second));
    }
  }
  return operators;
}

// An operator by name, and the options that OPTIONS have for it.
struct Named {
  std::string name;
  std::unordered_map<std::string, std::string> options;
};

// Of "Name" or "{id=Name;option=value;...}".
rocksdb::Status ParseOperator(const std::string& value, Named* named) {
  named->name = value;
  if (value.rfind('{', 0) != 0) return rocksdb::Status::OK();
  const rocksdb::Status s = rocksdb::StringToMap(value, &named->options);
  named->name = named->options["id"];
  if (s.ok() && named->name.empty()) return rocksdb::Status::InvalidArgument("no id in", value);
  return s;
}

std::string NameOf(const rocksdb::MergeOperator* merge_operator) {
  return merge_operator == nullptr ? "none" : merge_operator->Name();
}

// `where`: the OPTIONS file and the column family, for messages.
rocksdb::Status CheckOperator(const std::string& where, const Named& stored,
                              const rocksdb::MergeOperator* given) {
  const bool appends = stored.name == kAppendOperatorName;
  bool is_append = false;
  AppendOptions options;
  if (appends) {
    const rocksdb::Status s = internal::AppendOperator::Find(given, &is_append, &options);
    if (!s.ok()) return s;
  }
  const bool is_same = is_append || (given != nullptr && given->IsInstanceOf(stored.name));
  if (!is_same) {
    return rocksdb::Status::InvalidArgument(
        absl::StrCat(where, " has the merge operator ", stored.name, ", the options given have ",
                     NameOf(given)),
        appends ? "RocksDB would silently discard every write in its log from the first append on, "
                  "or merge lists in another way. Set ColumnFamilyOptions::merge_operator = "
                  "sheaf::NewAppendOperator(). If you load options from a file, call "
                  "sheaf::RegisterPlugin() first, and set "
                  "ConfigOptions::ignore_unsupported_options = false"
                : "give it the operator that it has. Lists need a column family of their own, "
                  "made with sheaf::NewAppendOperator(). If you do mean to change the operator, "
                  "use rocksdb::DB::Open");
  }
  const auto layout = stored.options.find("layout");
  if (is_append && layout != stored.options.end() && layout->second != LayoutName(options.layout)) {
    std::string advice = "this version of Sheaf does not know that layout";
    for (const Layout known : {Layout::kCompact, Layout::kFixed64}) {
      if (layout->second != LayoutName(known)) continue;
      advice = absl::StrCat(
          "the layout of lists cannot be changed; make the operator with AppendOptions::layout = ",
          internal::LayoutInCode(known));
    }
    return rocksdb::Status::InvalidArgument(
        absl::StrCat(where, " has lists in layout ", layout->second,
                     ", the merge operator given has layout ", LayoutName(options.layout)),
        advice);
  }
  const auto page_bytes = stored.options.find("page_bytes");  // older versions have none
  const bool was_long = page_bytes != stored.options.end() && page_bytes->second != "0";
  if (is_append && was_long != (options.page_bytes != 0)) {
    return rocksdb::Status::InvalidArgument(
        absl::StrCat(where, was_long ? " has long lists, page_bytes = " : " has plain lists",
                     was_long ? page_bytes->second : "",
                     "; the merge operator given has page_bytes = ", options.page_bytes),
        absl::StrCat("long lists cannot be read as plain ones, nor plain ones as long ones; make "
                     "the operator with AppendOptions::page_bytes ",
                     was_long ? absl::StrCat("= ", page_bytes->second) : "= 0"));
  }
  return rocksdb::Status::OK();
}

// Whether the DB has a column family of that name. If that cannot be read, RocksDB will say why.
bool HasFamily(const rocksdb::DBOptions& options, const std::string& path,
               const std::string& name) {
  std::vector<std::string> names;
  return rocksdb::DB::ListColumnFamilies(options, path, &names).ok() &&
         std::find(names.begin(), names.end(), name) != names.end();
}

rocksdb::Status CheckUndescribed(const rocksdb::DBOptions& options, const std::string& path,
                                 const std::string& where,
                                 const rocksdb::ColumnFamilyDescriptor& family) {
  bool is_append = false;
  AppendOptions ignored;
  const rocksdb::Status s =
      internal::AppendOperator::Find(family.options.merge_operator.get(), &is_append, &ignored);
  if (!s.ok() || is_append || !HasFamily(options, path, family.name)) return s;
  return rocksdb::Status::InvalidArgument(
      absl::StrCat(where, " is not described, so that its merge operator is not known"),
      "if it holds lists, give it sheaf::NewAppendOperator(). If it never had a merge operator, "
      "open the DB once with rocksdb::DB::Open, which writes OPTIONS");
}

}  // namespace

rocksdb::Status CheckMergeOperators(const rocksdb::DBOptions& options, const std::string& path,
                                    const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  rocksdb::Env* const env = options.env;
  // RocksDB, too, tells from this file whether there is a DB.
  rocksdb::Status s = env->FileExists(path + "/CURRENT");
  if (s.IsNotFound()) return rocksdb::Status::OK();
  if (!s.ok()) return s;
  std::string name;
  s = rocksdb::GetLatestOptionsFileName(path, env, &name);
  if (s.IsNotFound()) {
    return rocksdb::Status::InvalidArgument(
        absl::StrCat("OpenDB: ", path,
                     " is a DB without an OPTIONS file, so that its merge "
                     "operators are not known"),
        "restore the file OPTIONS-<number>; or open the DB once with rocksdb::DB::Open, with the "
        "operator that each column family was written with, which writes a new one");
  }
  std::string text;
  const std::string file = absl::StrCat(path, "/", name);
  if (s.ok()) s = rocksdb::ReadFileToString(env, file, &text);
  if (!s.ok()) {
    return rocksdb::Status::IOError(
        absl::StrCat("OpenDB: cannot read ", name.empty() ? path : file,
                     ", which names the DB's merge operators: ", s.ToString()),
        "make it readable for this process");
  }
  const Operators operators = ParseOperators(text);
  for (const rocksdb::ColumnFamilyDescriptor& family : families) {
    const std::string where =
        absl::StrCat("OpenDB: ", file, ": column family \"", family.name, "\"");
    const auto found = operators.find(family.name);
    if (found == operators.end()) {
      s = CheckUndescribed(options, path, where, family);
    } else if (found->second != kNone) {
      Named stored;
      s = ParseOperator(found->second, &stored);
      if (!s.ok()) return rocksdb::Status::InvalidArgument(where, s.ToString());
      s = CheckOperator(where, stored, family.options.merge_operator.get());
    }
    if (!s.ok()) return s;
  }
  return s;
}

rocksdb::Status OpenDB(const rocksdb::DBOptions& options, const std::string& path,
                       const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                       std::vector<rocksdb::ColumnFamilyHandle*>* handles,
                       std::unique_ptr<rocksdb::DB>* db) {
  db->reset();
  handles->clear();
  rocksdb::Status s = CheckMergeOperators(options, path, families);
  if (!s.ok()) return s;
  rocksdb::DB* opened = nullptr;
  s = rocksdb::DB::Open(options, path, families, handles, &opened);
  if (s.ok()) db->reset(opened);
  return s;
}

rocksdb::Status OpenDB(const rocksdb::Options& options, const std::string& path,
                       std::unique_ptr<rocksdb::DB>* db) {
  db->reset();
  rocksdb::Status s =
      CheckMergeOperators(options, path, {{rocksdb::kDefaultColumnFamilyName, options}});
  if (!s.ok()) return s;
  rocksdb::DB* opened = nullptr;
  s = rocksdb::DB::Open(options, path, &opened);
  if (s.ok()) db->reset(opened);
  return s;
}

}  // namespace sheaf

// put, append, trim, remove, clear and delete: each writes one batch, or of long lists one a key,
// which is on disk when the command ends.

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "plugin/codec/stored_key.h"
#include "rocksdb/write_batch.h"
#include "tools/common/text.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/list_db.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kLiteral[] = R"(
KEY and VALUE are taken literally. With --escaped, \t \n \\ and \xHH in them are replaced.
Put -- before a KEY or VALUE that begins with -.
)";

// What several commands do with a key that has no list, and how they then exit.
constexpr char kMissing[] =
    "A KEY without a list is named, and stays without one. All others are written at once.\n";
constexpr char kMissingExit[] =
    "\nExit status: 0 success; 1 failed, nothing was written, or a KEY has no list; 2 bad usage.";

struct Arguments {
  DbName db;
  std::vector<std::string> keys;
  std::vector<std::string> values;
  std::string prefix;  // of values; empty: none
  uint64_t count = 0;
  Keep keep = Keep::kLast;
  std::optional<uint64_t> before;  // a position
  bool escaped = false;
};

// An edit of the list of a key.
using Edit = std::function<rocksdb::Status(const Arguments&, ListDb&, const std::string& key,
                                           rocksdb::WriteBatch*)>;

// The same of a long list, written at once. Errors: also Unimplemented, with the reason.
using LongEdit = std::function<absl::Status(const Arguments&, ListDb&, const std::string& key)>;

struct Command {
  const char* name;
  const char* description;
  std::string footer;
  bool begins_lists;  // else a key without a list is an error
  Edit edit;
  LongEdit long_edit = nullptr;  // null: the command is for plain lists
};

bool HasLongList(ListDb& lists, const std::string& key) {
  const KeyRange range = {key, key + std::string(1, '\0')};
  return lists.long_store().Scan(rocksdb::ReadOptions(), range)->HasKey();
}

rocksdb::WriteOptions Synced() {
  rocksdb::WriteOptions write;
  write.sync = true;
  return write;
}

// Seals what is past page_bytes: no thread of this process will, and the next to open the DB only
// when it meets the page.
absl::Status AppendToLong(const Arguments& arguments, ListDb& lists, const std::string& key) {
  LongStore& store = lists.long_store();
  rocksdb::Status status = store.Append(Synced(), key, arguments.values);
  if (!status.ok()) return FromRocks(arguments.db.path, status);
  rocksdb::PinnableSlice open;
  const std::string stored(internal::StoredKey(key).Open());
  status = lists.db().Get(rocksdb::ReadOptions(), lists.family(), stored, &open);
  if (status.ok() && open.size() >= lists.page_bytes()) status = store.Seal(key);
  if (!status.ok()) {
    Complain("append", absl::StrCat(arguments.db.path,
                                    ": the values are appended, but the open page was not sealed: ",
                                    status.ToString()));
  }
  return absl::OkStatus();
}

absl::Status TrimLong(const Arguments& arguments, ListDb& lists, const std::string& key) {
  uint64_t position = 0;
  if (arguments.before.has_value()) {
    position = *arguments.before;
  } else if (arguments.keep == Keep::kFirst) {
    return absl::UnimplementedError(
        absl::StrCat(arguments.db.path,
                     ": --keep-first drops the newest values, which a long list cannot, as their "
                     "positions would be those of other values then"));
  } else {
    uint64_t first = 0;
    uint64_t end = 0;
    const rocksdb::Status found =
        lists.long_store().Bounds(rocksdb::ReadOptions(), key, &first, &end);
    if (!found.ok()) return FromRocks(arguments.db.path, found);
    position = end - std::min(end - first, arguments.count);
  }
  return FromRocks(arguments.db.path, lists.long_store().TrimBefore(Synced(), key, position));
}

// Edits the lists of all keys. `*missing`: some have none.
absl::Status RunLong(const Command& command, const Arguments& arguments, ListDb& lists,
                     bool* missing) {
  for (const std::string& key : arguments.keys) {
    if (!command.begins_lists && !HasLongList(lists, key)) {
      Complain(command.name,
               absl::StrCat(arguments.db.path, ": key not found: ", load::Quoted(key)));
      *missing = true;
      continue;
    }
    absl::Status status = command.long_edit(arguments, lists, key);
    if (!status.ok()) return status;
  }
  return FromRocks(arguments.db.path, lists.Acknowledge());
}

int Run(const Command& command, Arguments& arguments) {
  for (std::string& key : arguments.keys) {
    if (!DecodeArgument(command.name, "KEY", arguments.escaped, &key)) return kExitUsage;
    if (key.empty() && command.begins_lists) {
      Complain(command.name, "KEY: expected one byte at least, found an empty key");
      return kExitUsage;
    }
  }
  for (std::string& value : arguments.values) {
    if (!DecodeArgument(command.name, "VALUE", arguments.escaped, &value)) return kExitUsage;
  }
  if (!DecodeArgument(command.name, "--prefix", arguments.escaped, &arguments.prefix)) {
    return kExitUsage;
  }
  std::unique_ptr<ListDb> lists;
  const ListDb::Knows knows =
      command.long_edit != nullptr ? ListDb::Knows::kLong : ListDb::Knows::kPlain;
  if (absl::Status status =
          ListDb::OpenForWrite(arguments.db, command.name, &lists, ListDb::Access::kWrite, knows);
      !status.ok()) {
    return ExitOf(command.name, status);
  }
  const std::string& path = arguments.db.path;
  bool missing = false;
  if (lists->is_long()) {
    const int written = ExitOf(command.name, RunLong(command, arguments, *lists, &missing));
    return missing ? kExitFailed : written;
  }
  if (arguments.before.has_value()) {
    Complain(command.name,
             absl::StrCat(path,
                          ": --before is for long lists, whose values have positions that "
                          "stay; here --keep-last N keeps the newest values"));
    return kExitFailed;
  }
  rocksdb::WriteBatch batch;
  for (const std::string& key : arguments.keys) {
    // Nobody else writes meanwhile. A value that cannot be read is one to be edited or deleted.
    rocksdb::PinnableSlice value;
    if (!command.begins_lists &&
        lists->db().Get(rocksdb::ReadOptions(), lists->family(), key, &value).IsNotFound()) {
      Complain(command.name, absl::StrCat(path, ": key not found: ", load::Quoted(key)));
      missing = true;
      continue;
    }
    const rocksdb::Status status = command.edit(arguments, *lists, key, &batch);
    if (!status.ok()) return ExitOf(command.name, FromRocks(path, status));
  }
  rocksdb::Status status;
  if (batch.Count() != 0) {
    status = lists->db().Write(Synced(), &batch);
    if (status.ok()) status = lists->Acknowledge();
  }
  const int written = ExitOf(command.name, FromRocks(path, status));
  return missing ? kExitFailed : written;
}

// What a command takes besides --db and --escaped.
enum class Takes { kKeyAndValues, kKeyAndAnyValues, kKeyAndValuesOrPrefix, kKeyAndCount, kKeys };

void AddEdit(CLI::App& app, const Command& command, Takes takes, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(command.name, command.description);
  sub->footer(command.footer);
  auto arguments = std::make_shared<Arguments>();
  AddDb(*sub, &arguments->db);
  const bool one_key = takes != Takes::kKeys;
  const bool takes_values = one_key && takes != Takes::kKeyAndCount;
  if (one_key) {
    arguments->keys.resize(1);
    AddText(*sub, "KEY", &arguments->keys[0], "The key")->required()->type_name("");
  } else {
    AddTexts(*sub, "KEY", &arguments->keys, "The keys")->required();
  }
  if (takes_values) {
    AddTexts(*sub, "VALUE", &arguments->values, "The values")
        ->required(takes == Takes::kKeyAndValues);
  }
  CLI::Option* prefix = nullptr;
  if (takes == Takes::kKeyAndValuesOrPrefix) {
    prefix = AddText(*sub, "--prefix", &arguments->prefix, "Remove values that begin with P")
                 ->type_name("P");
  }
  std::vector<CLI::Option*> counts;
  if (takes == Takes::kKeyAndCount) {
    for (const Keep keep : {Keep::kFirst, Keep::kLast}) {
      counts.push_back(AddNumber(
          *sub, keep == Keep::kFirst ? "--keep-first" : "--keep-last", 0,
          std::numeric_limits<uint32_t>::max(),
          [arguments, keep](uint64_t count) {
            arguments->count = count;
            arguments->keep = keep;
          },
          keep == Keep::kFirst ? "Keep the first N values" : "Keep the last N values"));
    }
    counts.push_back(AddNumber(
        *sub, "--before", 0, std::numeric_limits<uint64_t>::max(),
        [arguments](uint64_t position) { arguments->before = position; },
        "Of a long list: drop the values before position P"));
    counts[2]->type_name("P");
    counts[0]->excludes(counts[1])->excludes(counts[2]);
    counts[1]->excludes(counts[2]);
  }
  sub->add_flag("--escaped", arguments->escaped,
                prefix != nullptr ? "KEY, VALUE and P have escapes, as in tsv"
                : takes_values    ? "KEY and VALUE have escapes, as in tsv"
                                  : "KEY has escapes, as in tsv");
  sub->callback([command, arguments, counts, prefix, exit_status] {
    const char* wrong = nullptr;
    if (prefix != nullptr && prefix->count() != 0 && arguments->prefix.empty()) {
      // Perhaps a variable of a shell that is not set.
      wrong =
          "--prefix: expected one byte at least, found an empty prefix, with which every value "
          "begins; `sheaf clear` removes all values";
    } else if (prefix != nullptr && prefix->count() == 0 && arguments->values.empty()) {
      wrong = "expected a VALUE or --prefix";
    } else if (!counts.empty() &&
               counts[0]->count() + counts[1]->count() + counts[2]->count() == 0) {
      wrong = "expected --keep-first, --keep-last or --before";
    }
    if (wrong != nullptr) {
      Complain(command.name, wrong);
      *exit_status = kExitUsage;
      return;
    }
    *exit_status = Run(command, *arguments);
  });
}

}  // namespace

void AddEditCommands(CLI::App& app, int* exit_status) {
  AddEdit(
      app,
      {"append", "Append values to the list of a key",
       absl::StrCat(
           R"(Appends the values in order, or begins the list of a key that has none. All values are one
operand of sheaf.append, and are on disk when the command ends. If the open page of a long list has
page_bytes then, it is sealed.
)",
           kLiteral, R"(
Examples:
  sheaf append --db lists.db user:7 login search logout
  sheaf append --db lists.db --escaped user:7 '\x00\xFF'
  sheaf append --db lists.db -- user:7 -1

Exit status: 0 success; 1 failed, nothing was appended; 2 bad usage.)"),
       /*begins_lists=*/true,
       [](const Arguments& arguments, ListDb& lists, const std::string& key,
          rocksdb::WriteBatch* batch) {
         return lists.store().Append(batch, key, arguments.values);
       },
       AppendToLong},
      Takes::kKeyAndValues, exit_status);
  AddEdit(
      app,
      {"put", "Put a list in the place of that of a key",
       absl::StrCat(
           R"(The list of KEY is then the values, in order, whatever it was before. Without a VALUE it is an
empty list. It is on disk when the command ends.
)",
           kLiteral, R"(
Examples:
  sheaf put --db lists.db user:7 login search logout
  sheaf put --db lists.db user:7

Exit status: 0 success; 1 failed, nothing was put; 2 bad usage.)"),
       /*begins_lists=*/true,
       [](const Arguments& arguments, ListDb& lists, const std::string& key,
          rocksdb::WriteBatch* batch) { return lists.store().Put(batch, key, arguments.values); }},
      Takes::kKeyAndAnyValues, exit_status);
  AddEdit(
      app,
      {"delete", "Delete keys with their lists",
       absl::StrCat(
           R"(Deletes the keys, also those with a value that is not a list. The deletion is on disk when the
command ends; a compaction frees the space. A long list is deleted with its positions: the next
append begins at 0.
)",
           kMissing, kLiteral, R"(
Examples:
  sheaf delete --db lists.db user:7
  sheaf delete --db lists.db user:7 user:8
)",
           kMissingExit),
       /*begins_lists=*/false,
       [](const Arguments&, ListDb& lists, const std::string& key, rocksdb::WriteBatch* batch) {
         return lists.store().Delete(batch, key);
       },
       [](const Arguments& arguments, ListDb& lists, const std::string& key) {
         return FromRocks(arguments.db.path, lists.long_store().Delete(Synced(), key));
       }},
      Takes::kKeys, exit_status);
  AddEdit(
      app,
      {"trim", "Keep only the first or the last values of a list",
       absl::StrCat(
           R"(Keeps N values at one end of the list of KEY, and drops the others. A list of at most N values
stays as it is. Of a long list only older values can be dropped: with --keep-last, or with --before
those before a position. The positions of the others do not change. It is on disk when the command
ends.
)",
           kMissing, kLiteral, R"(
Examples:
  sheaf trim --db lists.db --keep-last 100 user:7
  sheaf trim --db lists.db --keep-first 1 user:7
  sheaf trim --db events.db --before 120000 user:7
)",
           kMissingExit),
       /*begins_lists=*/false,
       [](const Arguments& arguments, ListDb& lists, const std::string& key,
          rocksdb::WriteBatch* batch) {
         return lists.store().Trim(batch, key, arguments.count, arguments.keep);
       },
       TrimLong},
      Takes::kKeyAndCount, exit_status);
  AddEdit(
      app,
      {"remove", "Remove values from the list of a key",
       absl::StrCat(
           R"(Removes every value of the list of KEY that equals a VALUE or begins with P. A list that loses
its last value stays, empty: `sheaf delete` removes the key. It is on disk when the command ends.
)",
           kMissing, kLiteral, R"(
Examples:
  sheaf remove --db lists.db user:7 search
  sheaf remove --db lists.db user:7 login logout
  sheaf remove --db lists.db --prefix 2024- user:7
)",
           kMissingExit),
       /*begins_lists=*/false,
       [](const Arguments& arguments, ListDb& lists, const std::string& key,
          rocksdb::WriteBatch* batch) {
         rocksdb::Status status = lists.store().Remove(batch, key, arguments.values);
         if (status.ok() && !arguments.prefix.empty()) {
           status = lists.store().RemovePrefix(batch, key, arguments.prefix);
         }
         return status;
       }},
      Takes::kKeyAndValuesOrPrefix, exit_status);
  AddEdit(
      app,
      {"clear", "Remove all values from the lists of keys",
       absl::StrCat(
           R"(The lists are then empty: `sheaf delete` removes the keys too. A value that is not a list becomes
an empty list. It is on disk when the command ends.
)",
           kMissing, kLiteral, R"(
Example:
  sheaf clear --db lists.db user:7 user:8
)",
           kMissingExit),
       /*begins_lists=*/false,
       [](const Arguments&, ListDb& lists, const std::string& key, rocksdb::WriteBatch* batch) {
         return lists.store().Clear(batch, key);
       }},
      Takes::kKeys, exit_status);
}

}  // namespace tool
}  // namespace sheaf

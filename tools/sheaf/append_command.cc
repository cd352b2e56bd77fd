#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/list_db.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "append";

constexpr char kFooter[] =
    R"(Appends the values in order, or begins the list of a key that has none. All values are one
operand of sheaf.append, and are on disk when the command ends.

KEY and VALUE are taken literally. With --escaped, \t \n \\ and \xHH in them are replaced.
Put -- before a KEY or VALUE that begins with -.

Examples:
  sheaf append --db lists.db user:7 login search logout
  sheaf append --db lists.db --escaped user:7 '\x00\xFF'
  sheaf append --db lists.db -- user:7 -1

Exit status: 0 success; 1 failed, nothing was appended; 2 bad usage.)";

struct Arguments {
  DbName db;
  std::string key;
  std::vector<std::string> values;
  bool escaped = false;
};

int Run(Arguments& arguments) {
  if (!DecodeArgument(kName, "KEY", arguments.escaped, &arguments.key)) return kExitUsage;
  for (std::string& value : arguments.values) {
    if (!DecodeArgument(kName, "VALUE", arguments.escaped, &value)) return kExitUsage;
  }
  if (arguments.key.empty()) {
    Complain(kName, "KEY: expected one byte at least, found an empty key");
    return kExitUsage;
  }
  std::unique_ptr<ListDb> lists;
  if (absl::Status status = ListDb::OpenForWrite(arguments.db, kName, &lists); !status.ok()) {
    return ExitOf(kName, status);
  }
  const std::vector<std::string_view> values(arguments.values.begin(), arguments.values.end());
  rocksdb::WriteOptions write;
  write.sync = true;
  rocksdb::Status status = lists->store().Append(write, arguments.key, values);
  if (status.ok()) status = lists->Acknowledge();
  return ExitOf(kName, FromRocks(arguments.db.path, status));
}

}  // namespace

void AddAppendCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Append values to the list of a key");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  AddDb(*sub, &arguments->db);
  AddText(*sub, "KEY", &arguments->key, "The key")->required()->type_name("");
  CLI::Option* const values = sub->add_option("VALUE", "The values")
                                  ->required()
                                  ->type_name("")
                                  ->expected(1, CLI::detail::expected_max_vector_size)
                                  ->allow_extra_args();
  sub->add_flag("--escaped", arguments->escaped, "KEY and VALUE have escapes, as in tsv");
  sub->callback([arguments, values, exit_status] {
    // Raw results: CLI11 reads a single {} as no value.
    for (const std::string& value : values->results()) {
      arguments->values.push_back(Unprotect(value));
    }
    *exit_status = Run(*arguments);
  });
}

}  // namespace tool
}  // namespace sheaf

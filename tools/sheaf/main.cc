// `sheaf`: the command-line tool. Loads rows into a DB of lists and looks at such a DB.

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "rocksdb/version.h"
#include "sheaf/version.h"
#include "tools/common/last_words.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/process_limits.h"

namespace {

constexpr char kFooter[] =
    "Examples:\n"
    "  sheaf load --db lists.db --input rows.tsv\n"
    "  sheaf get --db lists.db user:7\n"
    "  sheaf export --db lists.db --format jsonl --output lists.jsonl\n"
    "\n"
    "Data goes to stdout, everything else to stderr. `load` creates the DB if there is none;\n"
    "every other sub-command refuses a DB that does not exist, and creates nothing.\n"
    "\n"
    "Exit status: 0 success; 1 the operation failed, or verify found a fault; 2 bad usage.\n"
    "For details, run `sheaf SUBCOMMAND --help`.";

// "sheaf load: --mode: expected append or replace, found "x"", as all other messages are.
std::string FailureMessage(const CLI::App* app, const CLI::Error& error) {
  std::string who = "sheaf";
  for (const CLI::App* const chosen : app->get_subcommands()) who += " " + chosen->get_name();
  std::string what = error.what();
  if (app->get_subcommands().empty() && !app->remaining().empty()) {
    what = "expected a sub-command";
    const char* comma = ": ";
    for (const CLI::App* const known : app->get_subcommands(nullptr)) {
      what += comma + known->get_name();
      comma = ", ";
    }
    what += "; found " + sheaf::load::Quoted(sheaf::tool::Unprotect(app->remaining().front()));
  }
  return who + ": " + what + "\nRun " + who + " --help for more information.\n";
}

std::string Version(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

int Run(int argc, char** argv) {
  CLI::App app("Lists of values under one RocksDB key: load them, read them, check them.", "sheaf");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.failure_message(FailureMessage);
  app.set_version_flag(
      "--version", "sheaf " +
                       Version(SHEAF_VERSION_MAJOR, SHEAF_VERSION_MINOR, SHEAF_VERSION_PATCH) +
                       " (RocksDB " + Version(ROCKSDB_MAJOR, ROCKSDB_MINOR, ROCKSDB_PATCH) + ")");
  int exit_status = sheaf::tool::kExitOk;
  sheaf::tool::AddLoadCommand(app, &exit_status);
  sheaf::tool::AddGetCommand(app, &exit_status);
  sheaf::tool::AddEditCommands(app, &exit_status);
  sheaf::tool::AddScanCommand(app, &exit_status);
  sheaf::tool::AddKeysCommand(app, &exit_status);
  sheaf::tool::AddCountCommand(app, &exit_status);
  sheaf::tool::AddExportCommand(app, &exit_status);
  sheaf::tool::AddFamiliesCommand(app, &exit_status);
  sheaf::tool::AddStatsCommand(app, &exit_status);
  sheaf::tool::AddCompactCommand(app, &exit_status);
  sheaf::tool::AddVerifyCommand(app, &exit_status);
  sheaf::tool::AddRepairCommand(app, &exit_status);
  sheaf::tool::AddConvertCommand(app, &exit_status);
  sheaf::tool::AddInspectCommand(app, &exit_status);

  std::vector<std::string> arguments;
  for (int i = argc - 1; i > 0; --i) arguments.push_back(sheaf::tool::Protect(argv[i]));
  try {
    app.parse(arguments);  // which wants them in reverse; runs the sub-command
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? sheaf::tool::kExitOk : sheaf::tool::kExitUsage;
  }
  return exit_status;
}

// Help is there whatever the limits are.
bool AsksForHelp(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--help" || argument == "-h" || argument == "--version") return true;
  }
  return argc == 1;
}

// A file that is opened later must not become stdin, stdout or stderr, or messages would be written
// to it. Using what was closed stays an error: each is opened for what it is not for.
void OccupyStandardStreams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    // The lowest number that is free is the one that open() takes.
    if (fcntl(fd, F_GETFD) < 0) open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  OccupyStandardStreams();
  const std::string who = argc > 1 ? std::string("sheaf ") + argv[1] : "sheaf";
  sheaf::tool::PrepareProcess(who);
  try {
    if (!AsksForHelp(argc, argv)) {
      const std::string fault = sheaf::tool::ProcessLimitFault();
      if (!fault.empty()) {
        std::fprintf(stderr, "%s: %s\n", who.c_str(), fault.c_str());
        return sheaf::tool::kExitFailed;
      }
    }
    return Run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: out of memory%s\n", who.c_str(),
                 sheaf::load::LimitAdvice("out of memory").c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: internal error: %s%s\n", who.c_str(), error.what(),
                 sheaf::load::LimitAdvice(error.what()).c_str());
  }
  return sheaf::tool::kExitFailed;
}

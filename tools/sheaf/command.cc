#include "tools/sheaf/command.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <limits>
#include <memory>

#include "tools/common/escapes.h"
#include "tools/common/last_words.h"

namespace sheaf {
namespace tool {
namespace {

// Anything but `]`: it only has to be the last byte.
constexpr char kGuard = '.';

}  // namespace

std::string Protect(std::string argument) {
  if (!argument.empty() && argument[0] == '[') argument.push_back(kGuard);
  return argument;
}

std::string Unprotect(std::string argument) {
  if (!argument.empty() && argument[0] == '[') argument.pop_back();
  return argument;
}

CLI::Option* AddText(CLI::App& app, const std::string& name, std::string* text,
                     const std::string& help) {
  return app.add_option_function<std::string>(
      name, [text](const std::string& argument) { *text = Unprotect(argument); }, help);
}

CLI::Option* AddTexts(CLI::App& app, const std::string& name, std::vector<std::string>* texts,
                      const std::string& help) {
  auto option = std::make_shared<CLI::Option*>(nullptr);
  // Not what CLI11 makes of them: it reads a single {} as no value.
  const auto set = [option, texts](const CLI::results_t&) {
    texts->clear();
    for (const std::string& text : (*option)->results()) texts->push_back(Unprotect(text));
    return true;
  };
  *option = app.add_option(name, set, help)
                ->type_name("")
                ->expected(1, CLI::detail::expected_max_vector_size)
                ->allow_extra_args();
  return *option;
}

void AddDb(CLI::App& app, DbName* db) {
  AddDbFolder(app, db);
  AddFamily(app, &db->family);
  AddFolders(app, &db->folders);
}

void AddDbFolder(CLI::App& app, DbName* db) {
  const auto set = [db](const std::string& argument) {
    db->path = Unprotect(argument);
    load::InputFiles files;
    files.AddFolder("--db", db->path);
    const absl::Status status = CheckStreams(files);
    if (!status.ok()) throw CLI::ValidationError(std::string(status.message()));
  };
  app.add_option_function<std::string>("--db", set, "Folder of the DB")
      ->required()
      ->type_name("DIR");
}

std::vector<CLI::Option*> AddRange(CLI::App& app, RangeArguments* range) {
  std::vector<CLI::Option*> options = {
      AddText(app, "--prefix", &range->prefix, "Only keys that begin with P")->type_name("P"),
      AddText(app, "--from", &range->range.begin, "Only keys from A on")->type_name("A"),
      AddText(app, "--to", &range->range.end, "Only keys before B")->type_name("B")};
  app.add_flag("--escaped", range->escaped, "P, A and B have escapes, as in tsv");
  return options;
}

bool DecodeRange(std::string_view command, RangeArguments* range) {
  return DecodeArgument(command, "--prefix", range->escaped, &range->prefix) &&
         DecodeArgument(command, "--from", range->escaped, &range->range.begin) &&
         DecodeArgument(command, "--to", range->escaped, &range->range.end);
}

absl::Status CheckStreams(const load::InputFiles& inputs) {
  absl::Status out = inputs.CheckOpen("stdout", STDOUT_FILENO);
  absl::Status err = inputs.CheckOpen("stderr", STDERR_FILENO);
  if (err.ok()) return out;
  const int other = out.ok() ? STDOUT_FILENO : open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (dup2(other, STDERR_FILENO) < 0) close(STDERR_FILENO);
  return err;
}

void AddFolders(CLI::App& app, load::DbFolders* folders) {
  AddText(app, "--wal-dir", &folders->wal_dir,
          "Folder of the DB's write-ahead log, if OPTIONS name another one than DIR")
      ->type_name("W");
  app.add_option_function<std::vector<std::string>>(
         "--db-path",
         [folders](const std::vector<std::string>& paths) {
           folders->db_paths.clear();
           for (const std::string& path : paths) folders->db_paths.push_back(Unprotect(path));
         },
         "Folder of SSTs; give it once for each of the application's db_paths, in their order")
      ->type_name("P")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

CLI::Option* AddFamily(CLI::App& app, std::string* family) {
  return AddText(app, "--cf", family, "Column family (default: default)")->type_name("NAME");
}

CLI::Option* AddNumber(CLI::App& app, const std::string& name, uint64_t min, uint64_t max,
                       const std::function<void(uint64_t)>& set, const std::string& help) {
  const auto parse = [name, min, max, set](const std::string& argument) {
    uint64_t number = 0;
    const char* const end = argument.data() + argument.size();
    const auto [stop, error] = std::from_chars(argument.data(), end, number);
    if (error != std::errc() || stop != end || number < min || number > max) {
      const std::string range =
          max == std::numeric_limits<uint64_t>::max()
              ? "a whole number from " + std::to_string(min) + " on"
              : "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
      throw CLI::ValidationError(name, "expected " + range + ", found " + load::Quoted(argument));
    }
    set(number);
  };
  return app.add_option_function<std::string>(name, parse, help)->type_name("N");
}

CLI::Option* AddPageBytes(CLI::App& app, const std::function<void(uint64_t)>& set,
                          const std::string& help) {
  constexpr uint64_t kMax = uint64_t{256} << 20;
  const auto parse = [set](const std::string& argument) {
    uint64_t bytes = 0;
    if (argument != "0" && (!load::ParseByteSize(argument, &bytes) || bytes > kMax)) {
      throw CLI::ValidationError(
          "--page-bytes", "expected a size up to 256M like 64K, or 0 for plain lists, found " +
                              load::Quoted(argument));
    }
    set(bytes);
  };
  return app.add_option_function<std::string>("--page-bytes", parse, help)->type_name("SIZE");
}

CLI::Option* AddJson(CLI::App& app, bool* json) {
  return AddChoice<bool>(
             app, "--format", {{"text", false}, {"json", true}},
             [json](bool chosen) { *json = chosen; }, "text or json (default: text)")
      ->type_name("FORMAT");
}

void AddListFormat(CLI::App& app, ListFormatArguments* arguments) {
  AddChoice<ListFormat>(
      app, "--format",
      {{"text", ListFormat::kText},
       {"json", ListFormat::kJson},
       {"raw", ListFormat::kRaw},
       {"tsv", ListFormat::kTsv},
       {"jsonl", ListFormat::kJsonl},
       {"framed", ListFormat::kFramed},
       {"csv", ListFormat::kCsv}},
      [arguments](ListFormat chosen) { arguments->format = chosen; },
      "text, json, raw, tsv, jsonl, framed or csv (default: text)")
      ->type_name("FORMAT");
  AddHeader(app, &arguments->header);
}

void AddHeader(CLI::App& app, bool* header) {
  app.add_flag("--header", *header, "With csv: write the row `key,value` first");
}

bool CheckHeader(std::string_view command, bool header, bool is_csv) {
  if (!header || is_csv) return true;
  Complain(command, "--header is for --format csv");
  return false;
}

void Complain(std::string_view command, std::string_view text) {
  const std::string line = "sheaf " + std::string(command) + ": " + std::string(text) +
                           load::LimitAdvice(std::string(text)) + "\n";
  std::fputs(line.c_str(), stderr);
}

int ExitOf(std::string_view command, const absl::Status& status) {
  if (status.ok()) return kExitOk;
  Complain(command, std::string(status.message()));
  return kExitFailed;
}

bool HasAllLogs(std::string_view command, const ListDb& lists) {
  for (const load::LogFault& fault : lists.opened().log_faults()) {
    Complain(command, fault.path + ": " + fault.Text() +
                          ". Values are missing in what is printed; `sheaf repair --help` tells "
                          "what to do");
  }
  return lists.opened().log_faults().empty();
}

bool DecodeArgument(std::string_view command, std::string_view what, bool escaped,
                    std::string* text) {
  if (!escaped) return true;
  std::string decoded;
  std::string bad;
  if (!load::Unescape(*text, &decoded, &bad)) {
    Complain(command, std::string(what) +
                          ": expected one of the escapes \\t \\n \\\\ \\xHH, found " +
                          load::Quoted(bad));
    return false;
  }
  *text = decoded;
  return true;
}

}  // namespace tool
}  // namespace sheaf

#include "tools/sheaf/command.h"

#include <charconv>
#include <cstdio>
#include <limits>

#include "tools/load/escapes.h"

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

void AddDb(CLI::App& app, DbName* db) {
  AddText(app, "--db", &db->path, "Folder of the DB")->required()->type_name("DIR");
  AddFamily(app, &db->family);
}

CLI::Option* AddFamily(CLI::App& app, std::string* family) {
  return AddText(app, "--cf", family, "Column family (default: default)")->type_name("NAME");
}

CLI::Option* AddNumber(CLI::App& app, const std::string& name, uint64_t least, uint64_t most,
                       std::function<void(uint64_t)> set, const std::string& help) {
  const auto parse = [name, least, most, set](const std::string& argument) {
    uint64_t number = 0;
    const char* const end = argument.data() + argument.size();
    const auto [stop, error] = std::from_chars(argument.data(), end, number);
    if (error != std::errc() || stop != end || number < least || number > most) {
      const std::string range =
          most == std::numeric_limits<uint64_t>::max()
              ? "a whole number from " + std::to_string(least) + " on"
              : "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
      throw CLI::ValidationError(name, "expected " + range + ", found " + load::Quoted(argument));
    }
    set(number);
  };
  return app.add_option_function<std::string>(name, parse, help)->type_name("N");
}

CLI::Option* AddListFormat(CLI::App& app, ListFormat* format) {
  return AddChoice<ListFormat>(
             app, "--format",
             {{"text", ListFormat::kText}, {"json", ListFormat::kJson}, {"raw", ListFormat::kRaw}},
             [format](ListFormat chosen) { *format = chosen; }, "text, json or raw (default: text)")
      ->type_name("FORMAT");
}

void Complain(std::string_view command, std::string_view text) {
  const std::string line = "sheaf " + std::string(command) + ": " + std::string(text) + "\n";
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

#include "tools/sheaf/command.h"

#include <cstdio>
#include <map>

#include "tools/load/escapes.h"
#include "tools/load/text.h"

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

CLI::Option* AddDb(CLI::App& app, std::string* path) {
  return AddText(app, "--db", path, "Folder of the DB")->required()->type_name("DIR");
}

CLI::Option* AddListFormat(CLI::App& app, ListFormat* format) {
  static const std::map<std::string, ListFormat> kNames = {
      {"text", ListFormat::kText}, {"json", ListFormat::kJson}, {"raw", ListFormat::kRaw}};
  return app.add_option("--format", *format, "text, json or raw (default: text)")
      ->transform(CLI::CheckedTransformer(kNames).description(""))
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

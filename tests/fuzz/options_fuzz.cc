// Any text at all, as the OPTIONS files of a DB that `repair` is pointed at: they are read or
// refused with the reason, and sheaf.append is put back or not; the folder stays as it was.
//
// The first byte chooses the layout that the user names. Then come the newest OPTIONS file, a line
// `====`, and an older one.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"
#include "tools/database/database.h"

namespace sheaf {
namespace load {
namespace {

using fuzz::Check;

void CheckDatabase(const std::string& path, std::optional<Layout> layout) {
  absl::StatusOr<Database> database = Database::Read(path);
  if (!database.ok()) {
    return Check(database.status().message().find(path) != absl::string_view::npos,
                 "a refusal names the DB", database.status().message());
  }
  const bool could_append = database->can_append();
  std::string change;
  const absl::Status status = database->RestoreAppend(layout, &change);
  if (!status.ok()) {
    return Check(status.message().find(path) != absl::string_view::npos, "a refusal names the DB",
                 status.message());
  }
  Check(database->can_append(), "sheaf.append is there", database->merge_operator());
  Check(could_append == change.empty(), "a change is told, and nothing else", change);
  Check(!layout.has_value() || database->layout() == *layout, "the layout is what the user named");
}

}  // namespace
}  // namespace load
}  // namespace sheaf

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sheaf::fuzz::WriteFile;
  sheaf::fuzz::Input input(data, size);
  const unsigned choice = input.Byte() % 3;
  std::optional<sheaf::Layout> layout;
  if (choice == 1) layout = sheaf::Layout::kCompact;
  if (choice == 2) layout = sheaf::Layout::kFixed64;
  const std::string path = sheaf::fuzz::NewFolder("db");
  WriteFile(path + "/CURRENT", "MANIFEST-000004\n");
  WriteFile(path + "/OPTIONS-000007", input.Until("\n====\n"));
  if (!input.empty()) WriteFile(path + "/OPTIONS-000005", input.Rest());
  sheaf::load::CheckDatabase(path, layout);
  namespace fs = std::filesystem;
  const auto files = std::distance(fs::directory_iterator(path), fs::directory_iterator());
  sheaf::fuzz::Check(files <= 3, "no file is made");
  return 0;
}

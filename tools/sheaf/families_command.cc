#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/common/escapes.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/json.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_evidence.h"
#include "tools/sheaf/output.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "families";

constexpr char kFooter[] =
    R"(For each column family: its merge operator, the layout of its lists if that is sheaf.append, and
whether it holds lists. Without sheaf.append, an older OPTIONS file, the SSTs or the first values
may tell of lists, from which another tool took the operator: a note on stderr then says what
restores it. "unknown" means that the column family cannot be read. Layout fixed64 has sizes of 8
bytes, not values of 64 bits.

Formats:
  text    a table; names have the escapes of tsv. Under `lists`, "long" means long lists.
  json    {"family":"...","merge_operator":"sheaf.append","layout":"compact","lists":true} a
          line. `merge_operator` and `layout` may be null, and `lists` if it is not known. Long
          lists also have "page_bytes":N.

Example:
  sheaf families --db lists.db

Exit status: 0 success; 1 failed; 2 bad usage.)";

struct Family {
  std::string name;
  std::string merge_operator;  // "none" if there is none
  const char* layout;          // null if it is not known
  std::optional<bool> lists;
  uint64_t page_bytes = 0;  // not 0: long lists
};

std::optional<bool> HoldsLists(const load::OpenedDatabase& opened, const std::string& family) {
  for (rocksdb::ColumnFamilyHandle* const handle : opened.families()) {
    if (handle->GetName() != family) continue;
    const ListEvidence evidence = FindListEvidence(*opened.db(), handle);
    if (evidence != ListEvidence::kUnknown) return evidence == ListEvidence::kLists;
  }
  return std::nullopt;
}

// Opens the DB only if OPTIONS do not tell enough.
absl::StatusOr<std::vector<Family>> FindFamilies(const DbName& name) {
  const absl::StatusOr<load::Database> database = ReadDatabase(name);
  if (!database.ok()) return database.status();
  std::vector<Family> families;
  std::unique_ptr<load::OpenedDatabase> opened;
  for (const std::string& family_name : database->FamilyNames()) {
    const load::Database family = database->WithFamily(family_name);
    Family found{family_name, family.merge_operator(), nullptr, true, family.page_bytes()};
    if (family.can_append()) found.layout = LayoutName(family.layout());
    if (!family.OptionsTellOfLists()) {
      if (opened == nullptr) {
        absl::Status status = OpenSteadily(name.path, [&] {
          auto now = database->OpenForReadOnly();
          if (now.ok()) opened = *std::move(now);
          return now.status();
        });
        if (!status.ok()) return status;
      }
      found.lists = HoldsLists(*opened, family_name);
    }
    families.push_back(std::move(found));
  }
  return families;
}

// "yes" and "no" in the table, true and false in JSON.
const char* Answer(const std::optional<bool>& lists, const char* yes, const char* no,
                   const char* unknown) {
  return !lists.has_value() ? unknown : *lists ? yes : no;
}

std::string Text(const std::vector<Family>& families) {
  std::vector<std::string> names;
  size_t width = 6;
  size_t operator_width = 14;
  for (const Family& family : families) {
    names.emplace_back();
    load::AppendEscaped(family.name, &names.back());
    width = std::max(width, names.back().size());
    operator_width = std::max(operator_width, family.merge_operator.size());
  }
  std::string out;
  const auto line = [&](const std::string& name, const std::string& merge_operator,
                        const char* layout, const char* lists) {
    absl::StrAppendFormat(&out, "%-*s  %-*s  %-7s  %s\n", width, name, operator_width,
                          merge_operator, layout, lists);
  };
  line("family", "merge operator", "layout", "lists");
  for (size_t i = 0; i < families.size(); ++i) {
    const Family& family = families[i];
    line(names[i], family.merge_operator, family.layout == nullptr ? "-" : family.layout,
         Answer(family.lists, family.page_bytes != 0 ? "long" : "yes", "no", "unknown"));
  }
  return out;
}

std::string Json(const std::vector<Family>& families) {
  std::string out;
  const auto append = [&out](const char* name, const std::string& text, bool is_null) {
    out.append(name);
    if (is_null) {
      out.append("null");
    } else {
      AppendJsonText(text, &out);
    }
  };
  for (const Family& family : families) {
    append("{\"family\":", family.name, false);
    append(",\"merge_operator\":", family.merge_operator, family.merge_operator == "none");
    append(",\"layout\":", family.layout == nullptr ? "" : family.layout, family.layout == nullptr);
    absl::StrAppend(&out, ",\"lists\":", Answer(family.lists, "true", "false", "null"));
    if (family.page_bytes != 0) absl::StrAppend(&out, ",\"page_bytes\":", family.page_bytes);
    out.append("}\n");
  }
  return out;
}

int Run(const DbName& db, bool json) {
  const absl::StatusOr<std::vector<Family>> families = FindFamilies(db);
  if (!families.ok()) return ExitOf(kName, families.status());
  Output out(STDOUT_FILENO, "stdout");
  out.Write(json ? Json(*families) : Text(*families));
  const int written = ExitOf(kName, out.Finish());
  for (const Family& family : *families) {
    if (family.layout != nullptr || !family.lists.value_or(false)) continue;
    Complain(kName, absl::StrCat(db.path, ": column family ", family.name,
                                 " holds lists and has no sheaf.append; if a tool took it, `sheaf "
                                 "repair --cf ",
                                 family.name, "` restores it"));
  }
  return written;
}

}  // namespace

void AddFamiliesCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Print the column families");
  sub->footer(kFooter);
  auto db = std::make_shared<DbName>();
  auto json = std::make_shared<bool>(false);
  AddDbFolder(*sub, db.get());
  AddFolders(*sub, &db->folders);
  AddJson(*sub, json.get());
  sub->callback([db, json, exit_status] { *exit_status = Run(*db, *json); });
}

}  // namespace tool
}  // namespace sheaf

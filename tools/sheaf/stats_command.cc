#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/load/escapes.h"
#include "tools/load/text.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/json.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_scan.h"
#include "tools/sheaf/operand_debt.h"
#include "tools/sheaf/output.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "stats";

constexpr char kFooter[] =
    "Reads all lists of the DB. `bytes` are those of the values, `encoded_bytes` those of the "
    "lists\n"
    "as they are stored, without keys and before compression.\n"
    "\n"
    "With --debt also the operands that are pending: each read of such a key merges them, and "
    "copies\n"
    "the list. `sheaf compact` folds them. bytes are those of the operands.\n"
    "\n"
    "Formats:\n"
    "  text    numbers and bars\n"
    "  json    {\"layout\":\"compact\",\"keys\":N,\"values\":N,\"bytes\":N,\"encoded_bytes\":N,\n"
    "          "
    "\"values_per_key\":[{\"from\":1,\"to\":1,\"count\":N},{\"from\":2,\"to\":3,\"count\":N},...],"
    "\n"
    "          \"bytes_per_value\":[...]} in one line; buckets without a count are left out; with "
    "--debt\n"
    "          also \"debt\":{\"operands\":N,\"bytes\":N,\"keys\":N,\"top\":[{\"key\":\"...\","
    "\"operands\":N,\n"
    "          \"bytes\":N},...]}\n"
    "\n"
    "Examples:\n"
    "  sheaf stats --db lists.db\n"
    "  sheaf stats --db lists.db --format json\n"
    "  sheaf stats --db lists.db --debt --top 20\n"
    "\n"
    "Exit status: 0 success; 1 failed, or a value is not a list and was not counted; 2 bad usage.";

// Counts in buckets of powers of two: 0, 1, 2 to 3, 4 to 7, ...
class Histogram {
 public:
  void Add(uint64_t number) { ++counts_[number == 0 ? 0 : 64 - __builtin_clzll(number)]; }

  // Calls `f(from, to, count)` for each bucket with a count.
  template <typename F>
  void ForEach(F&& f) const {
    for (size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] == 0) continue;
      const uint64_t from = i == 0 ? 0 : uint64_t{1} << (i - 1);
      f(from, i == 0 ? 0 : from - 1 + from, counts_[i]);
    }
  }

 private:
  std::array<uint64_t, 65> counts_ = {};
};

struct Totals {
  uint64_t keys = 0;
  uint64_t values = 0;
  uint64_t bytes = 0;
  uint64_t encoded_bytes = 0;
  Histogram values_per_key;
  Histogram bytes_per_value;
  uint64_t undecodable = 0;

  void Add(const BlobView& list) {
    ++keys;
    values += list.size();
    bytes += list.contents().size();
    encoded_bytes += list.encoded().size();
    values_per_key.Add(list.size());
    list.ForEach([this](std::string_view value) { bytes_per_value.Add(value.size()); });
  }
};

void AppendJson(const Histogram& histogram, std::string* out) {
  out->push_back('[');
  const char* comma = "";
  histogram.ForEach([&](uint64_t from, uint64_t to, uint64_t count) {
    absl::StrAppend(out, comma, "{\"from\":", from, ",\"to\":", to, ",\"count\":", count, "}");
    comma = ",";
  });
  out->push_back(']');
}

void AppendJson(const OperandDebt& debt, std::string* out) {
  absl::StrAppend(out, "{\"operands\":", debt.operands(), ",\"bytes\":", debt.bytes(),
                  ",\"keys\":", debt.keys(), ",\"top\":[");
  const char* comma = "";
  for (const OperandDebt::Key& key : debt.Top()) {
    absl::StrAppend(out, comma, "{\"key\":");
    AppendJsonText(key.key, out);
    absl::StrAppend(out, ",\"operands\":", key.operands, ",\"bytes\":", key.bytes, "}");
    comma = ",";
  }
  out->append("]}");
}

std::string Json(const Totals& totals, const OperandDebt* debt, Layout layout) {
  std::string out =
      absl::StrCat("{\"layout\":\"", LayoutName(layout), "\",\"keys\":", totals.keys,
                   ",\"values\":", totals.values, ",\"bytes\":", totals.bytes,
                   ",\"encoded_bytes\":", totals.encoded_bytes, ",\"values_per_key\":");
  AppendJson(totals.values_per_key, &out);
  out.append(",\"bytes_per_value\":");
  AppendJson(totals.bytes_per_value, &out);
  if (debt != nullptr) {
    out.append(",\"debt\":");
    AppendJson(*debt, &out);
  }
  out.append("}\n");
  return out;
}

void AppendBars(const char* title, const Histogram& histogram, std::string* out) {
  constexpr uint64_t kWidth = 40;
  uint64_t largest = 0;
  histogram.ForEach(
      [&](uint64_t, uint64_t, uint64_t count) { largest = std::max(largest, count); });
  if (largest == 0) return;
  absl::StrAppend(out, "\n", title, "\n");
  histogram.ForEach([&](uint64_t from, uint64_t to, uint64_t count) {
    const std::string range = from == to
                                  ? load::Grouped(from)
                                  : absl::StrCat(load::Grouped(from), " to ", load::Grouped(to));
    const auto length =
        static_cast<size_t>(static_cast<double>(count) / static_cast<double>(largest) * kWidth);
    absl::StrAppendFormat(out, "  %24s  %14s  %s\n", range, load::Grouped(count),
                          std::string(std::max<size_t>(1, length), '#'));
  });
}

void AppendText(const OperandDebt& debt, std::string* out) {
  absl::StrAppend(out, "\npending ", load::Plural(debt.operands(), "operand"), " of ",
                  load::Plural(debt.keys(), "key"), ", ", load::Bytes(debt.bytes()), "\n");
  if (debt.keys() == 0) return;
  absl::StrAppendFormat(out, "  %14s  %14s  %s\n", "operands", "bytes", "key");
  for (const OperandDebt::Key& key : debt.Top()) {
    absl::StrAppendFormat(out, "  %14s  %14s  ", load::Grouped(key.operands),
                          load::Grouped(key.bytes));
    load::AppendEscaped(key.key, out);
    out->push_back('\n');
  }
}

std::string Text(const Totals& totals, const OperandDebt* debt, Layout layout) {
  std::string out;
  const auto line = [&out](const char* name, const std::string& text) {
    absl::StrAppendFormat(&out, "%-14s %s\n", name, text);
  };
  const auto bytes = [](uint64_t count) {
    return absl::StrCat(load::Grouped(count),
                        count >= 1024 ? absl::StrCat(" (", load::Bytes(count), ")") : "");
  };
  line("layout", LayoutName(layout));
  line("keys", load::Grouped(totals.keys));
  line("values", load::Grouped(totals.values));
  line("bytes", bytes(totals.bytes));
  line("encoded bytes", bytes(totals.encoded_bytes));
  AppendBars("values a key", totals.values_per_key, &out);
  AppendBars("bytes a value", totals.bytes_per_value, &out);
  if (debt != nullptr) AppendText(*debt, &out);
  return out;
}

struct Arguments {
  std::string db;
  bool json = false;
  bool debt = false;
  uint64_t top = 10;
};

int Run(const Arguments& arguments) {
  const std::string& db = arguments.db;
  std::unique_ptr<ListDb> lists;
  if (absl::Status status = ListDb::OpenForReadOnly(db, &lists); !status.ok()) {
    return ExitOf(kName, status);
  }
  Totals totals;
  OperandDebt debt(arguments.top);
  const Layout layout = lists->store().layout();
  ListScan scan(lists->db(), layout, KeyRange::All());
  for (; scan.Valid(); scan.Next()) {
    debt.Add(scan.key(), scan.operands());
    if (scan.list().ok()) {
      totals.Add(*scan.list());
    } else {
      ++totals.undecodable;
    }
  }
  if (!scan.status().ok()) return ExitOf(kName, FromRocks(db, scan.status()));
  Output out(STDOUT_FILENO, "stdout");
  const OperandDebt* const shown = arguments.debt ? &debt : nullptr;
  out.Write(arguments.json ? Json(totals, shown, layout) : Text(totals, shown, layout));
  const int written = ExitOf(kName, out.Finish());
  if (totals.undecodable == 0) return written;
  Complain(kName, absl::StrCat(db, ": ", load::Plural(totals.undecodable, "key"),
                               " with a value that is not a list, not counted; sheaf verify names "
                               "them"));
  return kExitFailed;
}

}  // namespace

void AddStatsCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Count keys, values and bytes");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  AddDb(*sub, &arguments->db);
  AddChoice<bool>(
      *sub, "--format", {{"text", false}, {"json", true}},
      [arguments](bool chosen) { arguments->json = chosen; }, "text or json (default: text)")
      ->type_name("FORMAT");
  CLI::Option* const debt =
      sub->add_flag("--debt", arguments->debt, "Also count the operands that are pending");
  AddNumber(
      *sub, "--top", 0, std::numeric_limits<uint32_t>::max(),
      [arguments](uint64_t top) { arguments->top = top; },
      "With --debt: the N keys with the most operands (default: 10)")
      ->needs(debt);
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf

#include <unistd.h>

#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "tools/common/input_files.h"
#include "tools/common/interrupt.h"
#include "tools/common/output_file.h"
#include "tools/common/progress.h"
#include "tools/common/row_format.h"
#include "tools/common/text.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_pages.h"
#include "tools/sheaf/list_totals.h"
#include "tools/sheaf/output.h"
#include "tools/sheaf/row_writer.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "export";

constexpr uint64_t kBytesAProgress = uint64_t{1} << 20;

constexpr char kFooter[] =
    R"(Writes all lists, or those of a range of keys, in key order, as rows. `sheaf load` reads them back
into the same lists. --prefix, --from and --to apply together.

Formats:
  tsv     one `key TAB value` a line. Escapes TAB, LF, backslash, control bytes, and all bytes
          from 0x80 on in keys and values that are not UTF-8.
  jsonl   one {"key":"...","values":[...]} a line. Bytes that are not UTF-8 are
          {"base64":"..."}. The values of a long list take a line a MB.
  framed  u32 key size, u32 value size, key, value; repeated; little-endian
  csv     one `key,value` a row, as RFC 4180 has it, but with LF at the end. A field with a comma,
          a quote, a CR or an LF is in quotes, and a quote in it is written twice. All other
          bytes are written as they are. --header writes the row `key,value` first.
Without --format, the end of the output's name decides (.tsv .jsonl .ndjson .framed .csv); else
tsv.

tsv, framed and csv cannot express an empty list. Such keys are left out, and the exit status is 1.
Memory holds little more than one list, or one page of a long list, at a time, whatever the size of
the DB. Positions of long lists are not exported: loaded back, a list begins at 0. The export ends at
a value that is not a list. `sheaf verify` names all such values, and `sheaf repair` mends them.
Progress on a terminal counts the bytes of keys and lists that are done.

An output file gets its name when it is complete and on disk. Until then it is a new file
FILE.part-XXXXXX. If the export fails, an older FILE stays. A new FILE keeps the mode and owner of
the older one, and a symbolic link stays a link. Devices, pipes and names like /dev/fd/3 are
written in place.

Examples:
  sheaf export --db lists.db --output lists.jsonl
  sheaf export --db lists.db --format tsv | head
  sheaf export --db lists.db --prefix user: --output users.tsv

Exit status: 0 success; 1 failed, or keys with empty lists were left out, or a log is damaged (the
lists as they were before the damage are written); 2 bad usage; 130 or 143 interrupted by SIGINT
or SIGTERM, no file was written.)";

struct Arguments {
  DbName db;
  RangeArguments range;
  std::optional<load::RowFormat> format;
  bool header = false;
  std::string output = "-";
  bool progress = false;
};

int Interrupted(const absl::Status& status) {
  Complain(kName, absl::StrCat(status.message()));
  return 128 + load::InterruptSignal();
}

int Run(Arguments& arguments) {
  if (!DecodeRange(kName, &arguments.range)) return kExitUsage;
  const load::RowFormat format = arguments.format.value_or(load::FormatOfFile(arguments.output));
  if (!CheckHeader(kName, arguments.header, format == load::RowFormat::kCsv)) return kExitUsage;
  std::unique_ptr<ListDb> lists;
  if (absl::Status status = ListDb::OpenForReadOnly(arguments.db, &lists, ListDb::Knows::kLong);
      !status.ok()) {
    return ExitOf(kName, status);
  }
  const bool whole = HasAllLogs(kName, *lists);
  const load::InterruptScope interrupts;
  const bool to_stdout = arguments.output == "-";
  load::OutputFile file("--output " + arguments.output);
  if (!to_stdout) {
    load::InputFiles inputs;
    inputs.AddFolder("--db", arguments.db.path);
    absl::Status status = inputs.CheckOutput("--output " + arguments.output, arguments.output);
    if (status.ok()) status = file.Open(arguments.output);
    if (absl::IsCancelled(status)) return Interrupted(status);
    if (!status.ok()) return ExitOf(kName, status);
  }
  Output out(to_stdout ? STDOUT_FILENO : file.fd(), to_stdout ? "stdout" : arguments.output);
  out.WriteBehind();
  RowWriter writer(format, out);
  if (arguments.header) writer.WriteHeader();
  // Without the total the progress line says less; what is wrong with an SST is found below.
  TableStats tables;
  const bool is_all = arguments.range.prefix.empty() && arguments.range.range.begin.empty() &&
                      arguments.range.range.end.empty();
  if (is_all) TableStats::Read(*lists, &tables).PermitUncheckedError();
  load::Progress progress("sheaf export", load::Progress::Wanted(arguments.progress));
  progress.Phase("writing", tables.scan_bytes, /*in_bytes=*/true);
  uint64_t read = 0;
  uint64_t told = 0;
  uint64_t values = 0;
  std::optional<ListFault> fault;
  absl::Status interrupted;
  rocksdb::Status reading;
  ListPages scan(*lists, arguments.range.range, arguments.range.prefix);
  const auto goes_on = [&] {
    return out.ok() && !fault.has_value() && interrupted.ok() && reading.ok();
  };
  for (; scan.Valid() && goes_on(); scan.Next()) {
    writer.Begin(scan.key());
    reading = scan.ForEach(
        0,
        [&](uint64_t /*position*/, const BlobView& page) {
          writer.Add(page);
          read += scan.key().size() + page.encoded().size();
          values += page.size();
          if (read - told < kBytesAProgress) return out.ok();
          told = read;
          progress.At(read, values);
          interrupted = load::CheckInterrupt();
          return out.ok() && interrupted.ok();
        },
        [&](const ListFault& found) {
          fault = found;
          return false;
        });
    if (goes_on()) writer.End();
  }
  if (!interrupted.ok()) {
    progress.Clear();
    return Interrupted(interrupted);
  }
  if (fault.has_value()) {
    progress.Clear();
    Complain(kName, absl::StrCat(arguments.db.path, ": ", fault->Text(),
                                 ". The export ends here. `sheaf verify` names all such keys, "
                                 "`sheaf repair` mends those that it can; what is left must be "
                                 "deleted or put again"));
    return kExitFailed;
  }
  progress.Clear();
  if (!reading.ok()) return ExitOf(kName, FromRocks(arguments.db.path, reading));
  if (!scan.status().ok()) return ExitOf(kName, FromRocks(arguments.db.path, scan.status()));
  absl::Status status = out.Finish();
  if (status.ok() && !to_stdout) status = file.Commit();
  if (!status.ok()) return ExitOf(kName, status);
  if (writer.left_out() == 0) return whole ? kExitOk : kExitFailed;
  Complain(kName, writer.LeftOutText());
  return kExitFailed;
}

}  // namespace

void AddExportCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Write lists as rows");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  AddDb(*sub, &arguments->db);
  AddRange(*sub, &arguments->range);
  AddChoice<load::RowFormat>(
      *sub, "--format",
      {{"tsv", load::RowFormat::kTsv},
       {"jsonl", load::RowFormat::kJsonl},
       {"framed", load::RowFormat::kFramed},
       {"csv", load::RowFormat::kCsv}},
      [arguments](load::RowFormat format) { arguments->format = format; },
      "tsv, jsonl, framed or csv (default: by the output's name)")
      ->type_name("FORMAT");
  AddHeader(*sub, &arguments->header);
  AddText(*sub, "--output", &arguments->output, "File to write, - for stdout (default: -)")
      ->type_name("FILE");
  sub->add_flag("--progress", arguments->progress, "Print progress even if stderr is no terminal");
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf

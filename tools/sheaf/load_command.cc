#include <algorithm>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tools/common/input_files.h"
#include "tools/common/interrupt.h"
#include "tools/common/output_file.h"
#include "tools/common/progress.h"
#include "tools/common/text.h"
#include "tools/load/load_files.h"
#include "tools/load/loader.h"
#include "tools/load/output/ingestion.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/list_evidence.h"
#include "tools/sheaf/load_summary.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "load";

constexpr char kFooter[] =
    R"(Formats:
  tsv     one `key TAB value` a line. In both: \t TAB, \n LF, \\ backslash, \xHH any byte.
          The last line may lack its LF. A CR before LF is part of the value.
  jsonl   one {"key": K, "value": V} or {"key": K, "values": [V, ...]} a line. K and V are
          strings or {"base64": "..."}. "values": [] makes an empty list. Blank lines are
          skipped.
  framed  u32 key size, u32 value size, key, value; repeated; little-endian.
          A frame that is cut off ends the load, also with --on-error skip.
  csv     rows of fields as RFC 4180 has them: commas between fields, CR LF or LF at the end. A
          field may be in quotes, and may then have commas and line ends, and quotes written
          twice. Rows are `key,value`, or --key-column and --value-column choose columns: by
          number, or with --header by the names in the first row of each input. Of several value
          columns each row gives a value of each, in the order in which they are named. Each row
          has as many fields as the header; blank lines are skipped.
Without --format, the end of the file's name decides (.tsv .jsonl .ndjson .framed .csv); else tsv.
gzip, zstd and LZ4 files are recognized by their content and decompressed. Other archives are
refused with the name of the program that unpacks them. A UTF-8 byte order mark at the front is
skipped.

--rejects and --json-summary are written whole: beside the file, and then renamed. If that fails,
an older file stays. They cannot be an input, and cannot be in the folder of the DB.

Rows of one key need not be adjacent. Values keep the order of the rows, and of the inputs.
Loading the same rows again appends them again. The load takes the end of a pipe for the end of
the input; the shell's `set -o pipefail` reports whether the program that fills it failed.

All or nothing: rows are sorted and written as SSTs beside the DB, and ingested in one step. Until
then the DB is as it was. Input may be far larger than --memory: sorted runs are then written to
disk and merged. Runs take about as much disk space as the input. SSTs take as much as the DB will
have; if the file system can free parts of files, they take the place of the runs as these are
merged. If a load is interrupted, is killed or finds the disk full, it keeps what it has finished
and says where. The same command with --resume continues from there, and ingests once.
A new DB gets the merge operator sheaf.append and the collector sheaf.stats.

--page-bytes SIZE makes long lists, which sheaf::LongStore reads: a list lies in sealed pages of about
SIZE, and what is left in an open page, to which values are appended. So a list may have any length,
whatever --memory is: pages are written as its values come. (64K is a good SIZE. A page must fit into
a sixteenth of --memory.) A DB of long lists is known by its OPTIONS. A load into one appends: less
than a page to the open page of its list, more in sealed pages behind those that the list has,
together with what its open page had. Long lists are not replaced: --mode replace needs a DB without
any. With --sst-only and --mode append, all goes into open pages, 4 GiB - 1 bytes a list at most.

Limits: a key has 1 byte to 8 MB, a plain list 4 GiB - 1 bytes. A row must fit into a tenth of
--memory and into a third of the share of it that each of --threads has (jsonl: a sixteenth). A list of
more than an eighth of --memory is written in pieces, which RocksDB merges at reads until the list
is compacted.
Peak memory is --memory, and some 30 MB for the program. --memory is 16 MB at least and 32 TB at
most. If the address space is limited (ulimit -v), --memory is lowered to what fits.

--sst-only DIR writes SSTs and DIR/manifest.json instead; --db then only names a DB whose options
are used. Ingest all files of a shard in one call, in the order of the manifest. --mode append
makes operands, which need sheaf.append; replace and --create-only make values.

Examples:
  sheaf load --db lists.db --input rows.tsv
  sheaf load --db lists.db --input rows.jsonl.gz --format jsonl --memory 8G
  sheaf load --db lists.db --input a.tsv --input b.tsv --mode replace \
             --on-error skip --rejects bad_rows.tsv
  sheaf load --db lists.db --input sales.csv --header --key-column customer --value-column item
  sheaf load --db events.db --page-bytes 64K --input events.tsv
  sheaf load --sst-only ssts --shards 4 --input rows.tsv --mode replace

Exit status: 0 success, also if rows were skipped with --on-error skip; 1 failed, nothing was
loaded, unless the message says that the load is done and only a file of --rejects or
--json-summary is missing; 2 bad usage; 130 or 143 interrupted by SIGINT or SIGTERM, nothing was
loaded.)";

struct Arguments {
  load::LoadOptions options;
  std::string memory = "1G";
  std::string json_summary;
  bool create_only = false;
  bool progress = false;
};

// Lines of `text`, each as one of the command's.
void ComplainLines(const std::string& text) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    Complain(kName, load::Std(line));
  }
}

void PrintSummary(const load::LoadSummary& summary, const std::string& where) {
  if (summary.was_complete) {
    Complain(kName, absl::StrCat("these inputs are in ", where,
                                 " already: the load was complete. Nothing was done. (To load "
                                 "them once more, leave --resume out)"));
    return;
  }
  for (const std::string& line : summary.skipped) Complain(kName, line);
  if (summary.rows_skipped != 0) {
    Complain(kName, absl::StrCat(load::Plural(summary.rows_skipped, "malformed row"),
                                 " skipped in all; the others were loaded"));
  }
  ComplainLines(SummaryText(summary, where));
}

std::string JsonSummaryName(const std::string& path) { return "--json-summary " + path; }

// False, with a complaint, if it cannot be written.
bool WriteJsonSummary(const std::string& path, const std::string& text) {
  if (path.empty()) return true;
  const load::InterruptScope interrupts;  // so that no temporary file is left
  load::OutputFile file(JsonSummaryName(path));
  absl::Status status = file.Open(path);
  if (status.ok()) status = file.Write(text);
  if (status.ok()) status = file.Commit();
  if (!status.ok()) Complain(kName, load::Std(status.message()));
  return status.ok();
}

// What would be found out when the load is done, and what would destroy its input.
absl::Status CheckOutputs(const Arguments& arguments) {
  const load::LoadOptions& options = arguments.options;
  load::InputFiles files;
  for (const std::string& input : options.inputs) files.AddFile("--input", input);
  if (!options.db.empty()) files.AddFolder("--db", options.db);
  if (absl::Status status = CheckStreams(files); !status.ok()) return status;
  if (!options.sst_only.empty()) files.AddOutput("--sst-only", options.sst_only);
  if (!options.rejects.empty()) {
    absl::Status status = files.CheckOutput("--rejects " + options.rejects, options.rejects);
    if (!status.ok()) return status;
    if (!load::OutputFile::IsInPlace(options.rejects)) {
      files.AddOutput("--rejects", options.rejects);
    }
  }
  const std::string& summary = arguments.json_summary;
  if (summary.empty()) return absl::OkStatus();
  absl::Status status = files.CheckOutput(JsonSummaryName(summary), summary);
  return status.ok() ? load::OutputFile::Check(JsonSummaryName(summary), summary) : status;
}

// True if all files of a load that is done are there; else says what is missing.
bool HasOutputs(const load::LoadSummary& summary, bool has_json) {
  if (!has_json) Complain(kName, "the load is done; only the file of --json-summary is missing");
  if (summary.rejects.ok()) return has_json;
  Complain(kName, load::Std(summary.rejects.message()));
  Complain(
      kName,
      absl::StrCat("the load is done; only the file of --rejects is missing",
                   summary.left.empty()
                       ? ""
                       : absl::StrCat(". The rows are in ", summary.left, "/", load::kRejectsName,
                                      ": the same command with --resume writes the file")));
  return false;
}

// Lists among the plain values of a column family would be of use to nobody. Other faults of the DB
// are left to the load, which says more.
absl::Status CheckFamily(const load::LoadOptions& options) {
  if (options.mode == load::LoadMode::kAppend || !options.sst_only.empty() ||
      !load::Database::Exists(options.db)) {
    return absl::OkStatus();  // appending needs sheaf.append
  }
  const auto database = load::Database::Read(options.db, options.family, options.folders);
  if (!database.ok() || database->OptionsTellOfLists()) return absl::OkStatus();
  const auto opened = database->OpenForReadOnly();
  if (!opened.ok() || load::IsEmpty(**opened).value_or(false)) return absl::OkStatus();
  return CheckHoldsLists(*database, **opened);
}

int Usage(const std::string& text) {
  Complain(kName, text);
  return kExitUsage;
}

int Run(Arguments& arguments) {
  load::LoadOptions& options = arguments.options;
  if (!load::ParseByteSize(arguments.memory, &options.memory)) {
    return Usage(absl::StrCat("--memory: expected a size like 64M or 1.5G, found ",
                              load::Quoted(arguments.memory)));
  }
  if (std::count(options.inputs.begin(), options.inputs.end(), "-") > 1) {
    return Usage("--input -: expected stdin once, found it twice");
  }
  if (!options.csv.is_default()) {
    const auto is_csv = [&options](const std::string& input) {
      return options.format.value_or(load::FormatOfFile(input)) == load::RowFormat::kCsv;
    };
    if (std::none_of(options.inputs.begin(), options.inputs.end(), is_csv)) {
      return Usage("--header, --key-column and --value-column are for --format csv");
    }
    if (!options.csv.header) {
      const absl::Status columns = load::FindCsvColumns(options.csv).status();
      if (!columns.ok()) return Usage(std::string(columns.message()));
    }
  }
  if (options.db.empty() && options.sst_only.empty()) {
    return Usage("--db is required (or --sst-only); see sheaf load --help");
  }
  if (!options.rejects.empty() && options.on_error != load::OnError::kSkip) {
    return Usage("--rejects is for --on-error skip, which goes on at a malformed row");
  }
  if (arguments.create_only) {
    if (options.mode == load::LoadMode::kReplace) {
      return Usage("--create-only: expected no --mode replace beside it");
    }
    options.mode = load::LoadMode::kCreateOnly;
  }
  if (options.mode == load::LoadMode::kCreateOnly && !options.sst_only.empty()) {
    return Usage("--create-only: expected no --sst-only beside it, as no DB is looked into");
  }
  absl::Status status = CheckOutputs(arguments);
  if (status.ok()) status = CheckFamily(options);
  if (!status.ok()) return ExitOf(kName, status);
  options.progress = load::Progress::Wanted(arguments.progress);
  options.note = [](const std::string& text) { Complain(kName, text); };
  options.manifest = ManifestJson;
  const std::string& where = options.sst_only.empty() ? options.db : options.sst_only;
  load::LoadSummary summary;
  status = load::Load(options, &summary);
  const int signal = load::InterruptSignal();
  const bool has_summary = WriteJsonSummary(arguments.json_summary, SummaryJson(summary, status));
  if (status.ok()) {
    PrintSummary(summary, where);
    return HasOutputs(summary, has_summary) ? kExitOk : kExitFailed;
  }
  Complain(kName, load::Std(status.message()));
  if (!summary.may_be_loaded) Complain(kName, absl::StrCat("nothing was loaded into ", where));
  if (!summary.left.empty()) {
    Complain(kName,
             absl::StrCat("what was finished is in ", summary.left, " (",
                          load::Bytes(summary.left_bytes), ")",
                          summary.left_staged.empty() ? "" : " and in ", summary.left_staged,
                          ": the same command with --resume goes on from there; else remove it"));
  }
  if (absl::IsCancelled(status)) return 128 + signal;
  if (absl::IsUnimplemented(status)) return kExitUsage;
  return kExitFailed;
}

}  // namespace

void AddLoadCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Put rows of files into a DB");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  load::LoadOptions& options = arguments->options;
  options.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));

  AddText(*sub, "--db", &options.db, "Folder of the DB; created if there is none")
      ->type_name("DIR");
  AddFamily(*sub, &options.family)->description("Column family of the lists (default: default)");
  AddFolders(*sub, &options.folders);
  sub->add_option_function<std::vector<std::string>>(
         "--input",
         [&options](const std::vector<std::string>& inputs) {
           options.inputs.clear();
           for (const std::string& input : inputs) options.inputs.push_back(Unprotect(input));
         },
         "Files of rows, read one after the other; - is stdin (default: -)")
      ->type_name("FILE")
      ->allow_extra_args();
  AddChoice<load::RowFormat>(
      *sub, "--format",
      {{"tsv", load::RowFormat::kTsv},
       {"jsonl", load::RowFormat::kJsonl},
       {"framed", load::RowFormat::kFramed},
       {"csv", load::RowFormat::kCsv}},
      [&options](load::RowFormat format) { options.format = format; },
      "tsv, jsonl, framed or csv (default: by the file's name)")
      ->type_name("FORMAT");
  sub->add_flag("--header", options.csv.header,
                "csv: the first row of each input names the columns");
  AddText(*sub, "--key-column", &options.csv.key,
          "csv: column of the keys, a name with --header, else a number from 1 on (default: the "
          "first)")
      ->type_name("C");
  sub->add_option_function<std::vector<std::string>>(
         "--value-column",
         [&options](const std::vector<std::string>& columns) {
           options.csv.values.clear();
           for (const std::string& column : columns) {
             options.csv.values.push_back(Unprotect(column));
           }
         },
         "csv: column of the values; may be given several times (default: the other one of two)")
      ->type_name("C")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  AddChoice<load::LoadMode>(
      *sub, "--mode", {{"append", load::LoadMode::kAppend}, {"replace", load::LoadMode::kReplace}},
      [&options](load::LoadMode mode) { options.mode = mode; },
      "append: add values after those that a key has; replace: put them in their place "
      "(default: append)")
      ->type_name("MODE");
  sub->add_flag("--create-only", arguments->create_only,
                "Fail before anything is loaded if the DB has a key of the input");
  AddChoice<Layout>(
      *sub, "--layout", {{"compact", Layout::kCompact}, {"fixed64", Layout::kFixed64}},
      [&options](Layout layout) { options.layout = layout; },
      "Layout of a new DB's lists, compact or fixed64 (default: compact); that of an existing DB "
      "cannot be changed. fixed64: sizes of 8 bytes; not values of 64 bits")
      ->type_name("LAYOUT");
  AddPageBytes(
      *sub, [&options](uint64_t bytes) { options.page_bytes = bytes; },
      "Make long lists in a new DB, in pages of about SIZE; K and M are units of 1024 (default: 0, "
      "plain lists). That of an existing DB cannot be changed");
  AddText(*sub, "--memory", &arguments->memory,
          "Maximum memory; K, M and G are units of 1024 (default: 1G)")
      ->type_name("SIZE");
  AddNumber(
      *sub, "--threads", 1, 256,
      [&options](uint64_t threads) { options.threads = static_cast<int>(threads); },
      "Threads for parsing, sorting and writing (default: one for each CPU)");
  AddText(*sub, "--tmp", &options.tmp,
          "Existing folder for temporary files (default: beside the DB, where SSTs need not be "
          "copied). If others may write to it, it needs the sticky bit, as /tmp has")
      ->type_name("DIR");
  AddChoice<load::OnError>(
      *sub, "--on-error", {{"stop", load::OnError::kStop}, {"skip", load::OnError::kSkip}},
      [&options](load::OnError on_error) { options.on_error = on_error; },
      "At a malformed row: stop, or skip it and report it at the end (default: stop)")
      ->type_name("ACTION");
  AddText(*sub, "--rejects", &options.rejects,
          "With --on-error skip: file for the rows that were skipped, `place TAB reason TAB row` a "
          "line; rows of csv and framed with the escapes of tsv")
      ->type_name("FILE");
  sub->add_flag("--resume", options.resume, "Continue an interrupted load of the same inputs");
  CLI::Option* const sst_only =
      AddText(*sub, "--sst-only", &options.sst_only,
              "Write SSTs and a manifest into this new folder, for others to ingest")
          ->type_name("DIR");
  AddNumber(
      *sub, "--shards", 1, 4096, [&options](uint64_t shards) { options.shards = shards; },
      "With --sst-only: split by key range for N DBs (default: 1)")
      ->needs(sst_only);
  AddText(*sub, "--json-summary", &arguments->json_summary,
          "File for the result of the load as JSON, also if it failed")
      ->type_name("FILE");
  sub->add_flag("--progress", arguments->progress, "Show progress even if stderr is no terminal");
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/load/interrupt.h"
#include "tools/load/loader.h"
#include "tools/load/progress.h"
#include "tools/load/text.h"
#include "tools/sheaf/command.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "load";

constexpr char kFooter[] =
    "Formats:\n"
    "  tsv     key TAB value a line. In both: \\t TAB, \\n LF, \\\\ backslash, \\xHH any byte.\n"
    "          The last line may lack its LF. A CR before LF is part of the value.\n"
    "  jsonl   {\"key\": K, \"value\": V} or {\"key\": K, \"values\": [V, ...]} a line; K and V "
    "are\n"
    "          strings or {\"base64\": \"...\"}. \"values\": [] makes an empty list. Blank lines "
    "are\n"
    "          passed over.\n"
    "  framed  u32 key size, u32 value size, key, value; repeated; little-endian.\n"
    "          A frame that is cut off ends the load, also with --on-error skip.\n"
    "Without --format by the end of the file's name (.tsv .jsonl .ndjson .framed); else tsv.\n"
    "\n"
    "Rows of one key need not be adjacent: values keep the order of the input, and of the inputs.\n"
    "An empty key is a malformed row. A list has at most 4 GiB - 1 bytes.\n"
    "\n"
    "All or nothing: rows are sorted, written as SSTs beside the DB and ingested in one step. "
    "Until\n"
    "then the DB is as it was. A load that fails or is interrupted leaves nothing behind.\n"
    "All rows are kept in memory: a load that would exceed --memory fails before it does.\n"
    "Reading uses one thread; sorting and writing SSTs use --threads.\n"
    "A new DB gets the merge operator sheaf.append and the collector sheaf.stats.\n"
    "\n"
    "Examples:\n"
    "  sheaf load --db lists.db --input rows.tsv\n"
    "  zcat rows.jsonl.gz | sheaf load --db lists.db --format jsonl --memory 8G\n"
    "  sheaf load --db lists.db --input a.tsv --input b.tsv --mode replace --on-error skip\n"
    "\n"
    "Exit status: 0 success, also if rows were skipped with --on-error skip; 1 failed, nothing "
    "was\n"
    "loaded; 2 bad usage; 130 or 143 interrupted by SIGINT or SIGTERM, nothing was loaded.";

struct Arguments {
  load::LoadOptions options;
  std::string memory = "1G";
  bool progress = false;
};

void PrintSummary(const load::LoadSummary& summary, const std::string& db) {
  for (const std::string& line : summary.skipped) Complain(kName, line);
  if (summary.rows_skipped != 0) {
    Complain(kName, absl::StrCat(load::Plural(summary.rows_skipped, "malformed row"),
                                 " skipped in all; the others were loaded"));
  }
  struct rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const uint64_t peak = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  Complain(kName,
           absl::StrCat(load::Plural(summary.rows, "row"), ", ", load::Plural(summary.keys, "key"),
                        ", ", load::Plural(summary.values, "value"), " loaded into ", db,
                        summary.created ? " (created)" : ""));
  Complain(kName, absl::StrFormat(
                      "%s read, %s in %s; read and sort %.1f s, write %.1f s, ingest %.1f s; "
                      "peak memory %s",
                      load::Bytes(summary.bytes_in), load::Bytes(summary.sst_bytes),
                      load::Plural(summary.ssts, "SST"), summary.read_seconds,
                      summary.write_seconds, summary.ingest_seconds, load::Bytes(peak)));
}

int Run(Arguments& arguments) {
  load::LoadOptions& options = arguments.options;
  if (!load::ParseByteSize(arguments.memory, &options.memory)) {
    Complain(kName, absl::StrCat("--memory: expected a size like 64M or 1.5G, found ",
                                 load::Quoted(arguments.memory)));
    return kExitUsage;
  }
  if (std::count(options.inputs.begin(), options.inputs.end(), "-") > 1) {
    Complain(kName, "--input -: expected stdin once, found it twice");
    return kExitUsage;
  }
  options.progress = load::Progress::Wanted(arguments.progress);
  options.note = [](const std::string& text) { Complain(kName, text); };
  load::LoadSummary summary;
  const absl::Status status = load::Load(options, &summary);
  if (status.ok()) {
    PrintSummary(summary, options.db);
    return kExitOk;
  }
  Complain(kName, absl::StrCat(status.message()));
  Complain(kName, absl::StrCat("nothing was loaded into ", options.db));
  if (absl::IsCancelled(status)) return 128 + load::InterruptSignal();
  return kExitFailed;
}

}  // namespace

void AddLoadCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Put rows of files into a DB");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  load::LoadOptions& options = arguments->options;
  options.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));

  AddDb(*sub, &options.db)->description("Folder of the DB; created if there is none");
  sub->add_option_function<std::vector<std::string>>(
         "--input",
         [&options](const std::vector<std::string>& inputs) {
           options.inputs.clear();
           for (const std::string& input : inputs) options.inputs.push_back(Unprotect(input));
         },
         "File of rows, - for stdin; may be given again (default: -)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  AddChoice<load::RowFormat>(
      *sub, "--format",
      {{"tsv", load::RowFormat::kTsv},
       {"jsonl", load::RowFormat::kJsonl},
       {"framed", load::RowFormat::kFramed}},
      [&options](load::RowFormat format) { options.format = format; },
      "tsv, jsonl or framed (default: by the file's name)")
      ->type_name("FORMAT");
  AddChoice<load::LoadMode>(
      *sub, "--mode", {{"append", load::LoadMode::kAppend}, {"replace", load::LoadMode::kReplace}},
      [&options](load::LoadMode mode) { options.mode = mode; },
      "append: values go behind those that a key has; replace: in their place (default: append)")
      ->type_name("MODE");
  AddChoice<Layout>(
      *sub, "--layout", {{"compact", Layout::kCompact}, {"fixed64", Layout::kFixed64}},
      [&options](Layout layout) { options.layout = layout; },
      "Layout of a new DB's lists, compact or fixed64 (default: compact); that of an existing DB "
      "cannot be changed")
      ->type_name("LAYOUT");
  AddText(*sub, "--memory", &arguments->memory,
          "Memory to use at most; K, M and G are units of 1024 (default: 1G)")
      ->type_name("SIZE");
  AddNumber(
      *sub, "--threads", 1, 256,
      [&options](uint64_t threads) { options.threads = static_cast<int>(threads); },
      "Threads for sorting and writing (default: one for each CPU)");
  AddText(*sub, "--tmp", &options.tmp,
          "Existing folder to build SSTs in (default: beside the DB, from where they are moved and "
          "not copied)")
      ->type_name("DIR");
  AddChoice<load::OnError>(
      *sub, "--on-error", {{"stop", load::OnError::kStop}, {"skip", load::OnError::kSkip}},
      [&options](load::OnError on_error) { options.on_error = on_error; },
      "At a malformed row: stop, or skip it and report it at the end (default: stop)")
      ->type_name("ACTION");
  sub->add_flag("--progress", arguments->progress, "Show progress even if stderr is no terminal");
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf

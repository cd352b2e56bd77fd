#include <unistd.h>

#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "tools/common/escapes.h"
#include "tools/common/input_files.h"
#include "tools/common/text.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/file_bytes.h"
#include "tools/sheaf/json.h"
#include "tools/sheaf/output.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "inspect";

constexpr char kFooter[] =
    R"(FILE holds blobs, one after the other, with nothing between them; - is stdin. --layout auto
takes the layout in which the whole file can be read, or compact if both can.
A file is mapped, so it may be larger than memory. stdin is read into memory.

Formats:
  text    a line for each blob, then its values, one a line, with the escapes of tsv
  json    {"offset":0,"layout":"fixed64","count":2,"encoded_bytes":37,"sizes":[3,2],
          "values":["AQID","BAU="]} in one line for each blob; values are base64

Examples:
  sheaf inspect lists.strg
  sheaf inspect - --layout fixed64 --format json < lists.strg

Exit status: 0 success; 1 failed, or a blob is corrupt (those before it are printed); 2 bad
usage.)";

struct Arguments {
  std::string file;
  std::optional<Layout> layout;
  bool json = false;
};

// How far a file can be read in a layout.
struct Reach {
  size_t bytes = 0;
  absl::Status status;
};

Reach ReachOf(std::string_view file, Layout layout) {
  std::string_view rest = file;
  Reach reach;
  while (!rest.empty() && reach.status.ok()) {
    reach.status = BlobView::ParsePrefix(&rest, layout).status();
  }
  reach.bytes = file.size() - rest.size();
  return reach;
}

std::string Describe(const Reach& reach, Layout layout) {
  return absl::StrCat("offset ", reach.bytes, ": not a ", LayoutName(layout),
                      " blob: ", reach.status.message());
}

void WriteJson(size_t offset, const BlobView& blob, Output& out) {
  std::string text = absl::StrCat("{\"offset\":", offset, ",\"layout\":\"",
                                  LayoutName(blob.layout()), "\",\"count\":", blob.size(),
                                  ",\"encoded_bytes\":", blob.encoded().size(), ",\"sizes\":[");
  const char* comma = "";
  blob.ForEach([&](std::string_view value) {
    absl::StrAppend(&text, comma, value.size());
    comma = ",";
  });
  text.append("],\"values\":[");
  comma = "";
  blob.ForEach([&](std::string_view value) {
    text.append(comma);
    AppendJsonBase64(value, &text);
    comma = ",";
  });
  text.append("]}\n");
  out.Write(text);
}

void WriteText(size_t offset, const BlobView& blob, Output& out) {
  out.Write(absl::StrCat("offset ", offset, "  ", LayoutName(blob.layout()), "  ",
                         load::Plural(blob.size(), "value"), "  ",
                         load::Plural(blob.encoded().size(), "byte"), "\n"));
  std::string text;
  blob.ForEach([&](std::string_view value) {
    text.assign("  ");
    load::AppendEscaped(value, &text);
    text.push_back('\n');
    out.Write(text);
  });
}

int Run(const Arguments& arguments) {
  load::InputFiles inputs;
  inputs.AddFile("FILE", arguments.file);
  if (absl::Status status = CheckStreams(inputs); !status.ok()) {
    return ExitOf(kName, status);
  }
  const auto file = FileBytes::Read(arguments.file);
  if (!file.ok()) return ExitOf(kName, file.status());
  const std::string_view bytes = (*file)->view();
  const std::string name = arguments.file == "-" ? "stdin" : arguments.file;

  Layout layout = arguments.layout.value_or(Layout::kCompact);
  Reach reach = ReachOf(bytes, layout);
  std::string fault = reach.status.ok() ? "" : Describe(reach, layout);
  if (!arguments.layout.has_value() && !reach.status.ok()) {
    const Reach other = ReachOf(bytes, Layout::kFixed64);
    fault = other.status.ok() ? "" : absl::StrCat(fault, "; ", Describe(other, Layout::kFixed64));
    if (other.status.ok() || other.bytes > reach.bytes) {
      layout = Layout::kFixed64;
      reach = other;
    }
  }

  Output out(STDOUT_FILENO, "stdout");
  std::string_view rest = bytes.substr(0, reach.bytes);
  while (!rest.empty() && out.ok()) {
    const size_t offset = reach.bytes - rest.size();
    const absl::StatusOr<BlobView> blob = BlobView::ParsePrefix(&rest, layout);
    if (!blob.ok()) return ExitOf(kName, blob.status());  // the file changed meanwhile
    if (arguments.json) {
      WriteJson(offset, *blob, out);
    } else {
      WriteText(offset, *blob, out);
    }
  }
  const int written = ExitOf(kName, out.Finish());
  if (fault.empty()) return written;
  Complain(kName, absl::StrCat(name, ": ", fault));
  return kExitFailed;
}

}  // namespace

void AddInspectCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Print the blobs in a file");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  AddText(*sub, "FILE", &arguments->file, "File of blobs, - for stdin")->required()->type_name("");
  AddChoice<std::optional<Layout>>(
      *sub, "--layout",
      {{"auto", std::nullopt}, {"compact", Layout::kCompact}, {"fixed64", Layout::kFixed64}},
      [arguments](std::optional<Layout> layout) { arguments->layout = layout; },
      "auto, compact or fixed64 (default: auto). fixed64: sizes of 8 bytes; not values of 64 bits")
      ->type_name("LAYOUT");
  AddJson(*sub, &arguments->json);
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf

#include "tools/sheaf/load_summary.h"

#include <sys/resource.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/common/text.h"
#include "tools/sheaf/json.h"

namespace sheaf {
namespace tool {

uint64_t PeakMemory() {
  struct rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

std::string SummaryText(const load::LoadSummary& summary, const std::string& where) {
  std::string bytes = load::Bytes(summary.bytes_in) + " read";
  if (summary.input_bytes > summary.bytes_in) {
    absl::StrAppend(&bytes, " (", load::Bytes(summary.input_bytes), " decompressed)");
  }
  if (summary.runs != 0) {
    absl::StrAppend(&bytes, ", ", load::Bytes(summary.run_bytes), " in ",
                    load::Plural(summary.runs, "run"));
  }
  return absl::StrFormat(
      "%s, %s, %s loaded into %s%s\n"
      "%s, %s in %s; read and sort %.1f s, write %.1f s, ingest %.1f s; peak memory %s",
      load::Plural(summary.rows, "row"), load::Plural(summary.keys, "key"),
      load::Plural(summary.values, "value"), where, summary.created ? " (created)" : "", bytes,
      load::Bytes(summary.sst_bytes), load::Plural(summary.ssts, "SST"), summary.read_seconds,
      summary.write_seconds, summary.ingest_seconds, load::Bytes(PeakMemory()));
}

std::string SummaryJson(const load::LoadSummary& summary, const absl::Status& status) {
  std::string out = absl::StrCat("{\"ok\":", status.ok() ? "true" : "false");
  if (!status.ok()) {
    out.append(",\"error\":");
    AppendJsonText(load::Std(status.message()), &out);
  }
  if (!summary.rejects.ok()) {
    out.append(",\"rejects_error\":");
    AppendJsonText(load::Std(summary.rejects.message()), &out);
  }
  const auto number = [&out](const char* name, uint64_t value) {
    absl::StrAppend(&out, ",\"", name, "\":", value);
  };
  const auto flag = [&out](const char* name, bool value) {
    absl::StrAppend(&out, ",\"", name, "\":", value ? "true" : "false");
  };
  number("rows", summary.rows);
  number("keys", summary.keys);
  number("values", summary.values);
  number("rejects", summary.rows_skipped);
  number("bytes_in", summary.bytes_in);
  number("bytes_decompressed", summary.input_bytes);
  number("runs", summary.runs);
  number("run_bytes", summary.run_bytes);
  number("ssts", summary.ssts);
  number("bytes_out", summary.sst_bytes);
  flag("created", summary.created);
  flag("operands", summary.operands);
  flag("resumed", summary.resumed);
  flag("was_complete", summary.was_complete);
  absl::StrAppendFormat(&out, ",\"seconds\":{\"read\":%.3f,\"write\":%.3f,\"ingest\":%.3f}",
                        summary.read_seconds, summary.write_seconds, summary.ingest_seconds);
  number("peak_memory", PeakMemory());
  if (!summary.left.empty()) {
    out.append(",\"left\":");
    AppendJsonText(summary.left, &out);
  }
  out.append("}\n");
  return out;
}

std::string ManifestJson(const load::SstSet& set, const load::LoadSummary& summary) {
  std::string out = "{\"version\":1";
  const auto text = [&out](const char* name, std::string_view value) {
    absl::StrAppend(&out, out.back() == '{' ? "" : ",", "\"", name, "\":");
    AppendJsonText(value, &out);
  };
  text("load", set.mark);
  text("comparator", set.comparator);
  text("column_family", set.family);
  text("entries", set.operands ? "operands" : "values");
  text("layout", set.layout);
  absl::StrAppend(&out, ",\"rows\":", summary.rows, ",\"keys\":", summary.keys,
                  ",\"values\":", summary.values, ",\"shards\":[");
  const char* comma = "";
  for (const load::SstSet::Shard& shard : set.shards) {
    absl::StrAppend(&out, comma, "\n {");
    text("folder", shard.folder);
    absl::StrAppend(&out, ",\"keys\":", shard.keys, ",\"files\":[");
    comma = "";
    for (const load::SstFile& file : shard.files) {
      absl::StrAppend(&out, comma, "\n  {");
      text("name", file.path);
      absl::StrAppend(&out, ",\"bytes\":", file.bytes, ",\"entries\":", file.keys);
      text("smallest", file.smallest);
      text("largest", file.largest);
      out.push_back('}');
      comma = ",";
    }
    out.append("]}");
    comma = ",";
  }
  out.append("]}\n");
  return out;
}

}  // namespace tool
}  // namespace sheaf

// Any names and keys, in the manifest of `load --sst-only`: it is JSON that has them, and the load
// finds its mark in it. And any bytes, as the manifest of a folder that somebody else made.

#include <string>
#include <string_view>
#include <vector>

#include "simdjson.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"
#include "tools/load/output/publish.h"
#include "tools/sheaf/load_summary.h"

namespace sheaf {
namespace {

using fuzz::Check;

// A string of JSON, or {"base64": "..."} of bytes that are not UTF-8; those are not decoded here.
void CheckText(simdjson::dom::element found, std::string_view expected) {
  std::string_view text;
  if (found.get(text) == simdjson::SUCCESS) {
    return Check(text == expected, "a text is as it was", text);
  }
  Check(!simdjson::validate_utf8(expected.data(), expected.size()), "UTF-8 is written as it is");
}

void CheckManifest(fuzz::Input input) {
  load::SstSet set;
  set.mark = "0123456789abcdef01234567";
  set.comparator = std::string(input.Text());
  set.family = std::string(input.Text());
  set.layout = "compact";
  load::LoadSummary summary;
  summary.rows = input.Number();
  while (!input.empty()) {
    set.shards.emplace_back();
    set.shards.back().folder = std::string(input.Text());
    for (unsigned files = input.Byte() % 3; files != 0; --files) {
      load::SstFile file;
      file.path = std::string(input.Text());
      file.smallest = std::string(input.Text());
      file.largest = std::string(input.Text());
      file.bytes = input.Number();
      set.shards.back().files.push_back(file);
    }
  }
  const std::string json = tool::ManifestJson(set, summary);
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  Check(parser.parse(json).get(root) == simdjson::SUCCESS, "a manifest is JSON", json);
  CheckText(root["load"], set.mark);
  CheckText(root["comparator"], set.comparator);
  CheckText(root["column_family"], set.family);
  Check(root["rows"].get_uint64().value() == summary.rows, "rows are as they were", json);
  size_t shard = 0;
  for (const simdjson::dom::element found : root["shards"].get_array()) {
    Check(shard < set.shards.size(), "no shard is added", json);
    CheckText(found["folder"], set.shards[shard].folder);
    size_t at = 0;
    for (const simdjson::dom::element file : found["files"].get_array()) {
      const load::SstFile& expected = set.shards[shard].files[at++];
      CheckText(file["name"], expected.path);
      CheckText(file["smallest"], expected.smallest);
      CheckText(file["largest"], expected.largest);
      Check(file["bytes"].get_uint64().value() == expected.bytes, "bytes are as they were", json);
    }
    Check(at == set.shards[shard++].files.size(), "no file is lost", json);
  }
  Check(shard == set.shards.size(), "no shard is lost", json);

  const std::string folder = fuzz::NewFolder("ssts");
  fuzz::WriteFile(folder + "/" + load::kManifest, json);
  Check(load::HasManifestOf(folder, set.mark), "a load finds its own manifest", json);
}

void CheckAnyManifest(std::string_view bytes) {
  const std::string folder = fuzz::NewFolder("ssts");
  fuzz::WriteFile(folder + "/" + load::kManifest, bytes);
  Check(!load::HasManifestOf(folder, "fedcba987654321001234567") ||
            bytes.find("fedcba987654321001234567") != bytes.npos,
        "another manifest is not taken for its own");
}

}  // namespace
}  // namespace sheaf

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sheaf::CheckManifest(sheaf::fuzz::Input(data, size));
  sheaf::CheckAnyManifest(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}

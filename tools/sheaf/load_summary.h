// The result of a load, as text for people and as JSON for programs.
//
// Thread safety: free functions.

#ifndef SHEAF_TOOLS_SHEAF_LOAD_SUMMARY_H_
#define SHEAF_TOOLS_SHEAF_LOAD_SUMMARY_H_

#include <string>

#include "absl/status/status.h"
#include "tools/load/loader.h"

namespace sheaf {
namespace tool {

// The peak memory of this process in bytes, as the system counts it.
uint64_t PeakMemory();

// Lines for stderr. `where` names the DB or folder that was loaded.
std::string SummaryText(const load::LoadSummary& summary, const std::string& where);

// One JSON object, in one line. `status` is the load's.
std::string SummaryJson(const load::LoadSummary& summary, const absl::Status& status);

// The file manifest.json of `sheaf load --sst-only`.
std::string ManifestJson(const load::SstSet& set, const load::LoadSummary& summary);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_LOAD_SUMMARY_H_

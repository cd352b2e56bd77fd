// What a load came to, for people and for programs.
//
// Thread safety: free functions.

#ifndef SHEAF_TOOLS_SHEAF_LOAD_SUMMARY_H_
#define SHEAF_TOOLS_SHEAF_LOAD_SUMMARY_H_

#include <string>

#include "absl/status/status.h"
#include "tools/load/loader.h"

namespace sheaf {
namespace tool {

// Bytes of memory that this process has had in use at most, as the system counts them.
uint64_t PeakMemory();

// Lines for stderr. `where`: what was loaded into.
std::string SummaryText(const load::LoadSummary& summary, const std::string& where);

// One JSON object, in one line. `status`: of the load.
std::string SummaryJson(const load::LoadSummary& summary, const absl::Status& status);

// The file manifest.json of `sheaf load --sst-only`.
std::string ManifestJson(const load::SstSet& set, const load::LoadSummary& summary);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_LOAD_SUMMARY_H_

// Publishing: puts SSTs and a manifest into a folder, for somebody else to ingest.
//
// Thread safety: free functions, one thread at a time.

#ifndef SHEAF_TOOLS_LOAD_OUTPUT_PUBLISH_H_
#define SHEAF_TOOLS_LOAD_OUTPUT_PUBLISH_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace sheaf {
namespace load {

constexpr char kManifest[] = "manifest.json";

// A file of a load, and its path in the new folder.
struct PublishedFile {
  std::string from;
  std::string to;
};

// Makes `folder`, `folders` in it, all `files`, and at last manifest.json with the text `manifest`.
// Files are linked, or copied if `folder` is on another file system. Errors: Internal, naming the
// file and the reason.
absl::Status Publish(const std::string& folder, const std::vector<std::string>& folders,
                     const std::vector<PublishedFile>& files, const std::string& manifest);

// True if the text of the manifest in `folder` has `mark` in it.
bool HasManifestOf(const std::string& folder, const std::string& mark);

// Returns FailedPrecondition unless `folder` is new or empty.
absl::Status CheckFree(const std::string& folder);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_OUTPUT_PUBLISH_H_

// Publishing: puts SSTs into a folder for somebody else to ingest.

#ifndef SHEAF_TOOLS_LOAD_PUBLISH_H_
#define SHEAF_TOOLS_LOAD_PUBLISH_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/load/loader.h"

namespace sheaf {
namespace load {

// A file of a load, and where in the new folder it belongs.
struct PublishedFile {
  std::string from;
  std::string to;
};

// Makes `folder` with `files` and a file manifest.json of this text, all at once: until it has its
// name it is `<folder>.part`. Files are moved, or copied from another file system.
// Errors: Internal, naming the file and the reason; FailedPrecondition if there is something at
// `folder` other than an empty folder.
absl::Status Publish(const std::string& folder, const std::vector<PublishedFile>& files,
                     const std::string& manifest);

// True if the manifest in `folder` has `mark` in it.
bool HasManifestOf(const std::string& folder, const std::string& mark);

// FailedPrecondition unless `folder` is free for Publish().
absl::Status CheckFree(const std::string& folder);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_PUBLISH_H_

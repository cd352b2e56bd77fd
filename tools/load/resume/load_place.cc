#include "tools/load/resume/load_place.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/common/files.h"
#include "tools/load/load_files.h"
#include "tools/load/output/publish.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

bool IsElsewhere(const std::string& folder) {
  struct stat own, parent;
  const std::string above = fs::path(folder).parent_path().string();
  return stat(folder.c_str(), &own) == 0 && stat(above.c_str(), &parent) == 0 &&
         (own.st_dev != parent.st_dev || access(above.c_str(), W_OK) != 0);
}

}  // namespace

LoadPlace::LoadPlace(Kind kind, const std::string& target, const std::string& tmp)
    : kind_(kind), target_(CanonicalPath(target)) {
  std::error_code error;
  const bool exists = fs::is_directory(target_, error);
  in_place_ = tmp.empty() && !exists;
  if (!tmp.empty()) {
    prefix_ = tmp + "/sheaf-load-";
  } else if (exists && IsElsewhere(target_)) {
    prefix_ = target_ + "/.load-";
  } else {
    prefix_ = target_ + ".load-";
  }
}

std::string LoadPlace::StagedFor(const std::string& id, const std::string& folder) const {
  std::error_code error;
  const std::vector<std::string> all = StagedBy(id, folder, target_);
  return in_place_ ? all[0] : fs::is_directory(target_, error) ? all[1] : all[2];
}

std::vector<std::string> LoadPlace::StagedBy(const std::string& id, const std::string& folder,
                                             const std::string& target) {
  return {absl::StrCat(folder, "/", kStagedName), absl::StrCat(target, "/.new-", id),
          absl::StrCat(target, ".new-", id)};
}

const char* LoadPlace::last_file() const { return is_db() ? "CURRENT" : kManifest; }

bool LoadPlace::HasLastFile(const std::string& folder) const {
  std::error_code error;
  return fs::exists(absl::StrCat(folder, "/", last_file()), error);
}

}  // namespace load
}  // namespace sheaf

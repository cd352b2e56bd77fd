// Scratch: a folder in memory for what reads folders, of this process alone.
//
//   const std::string db = NewFolder("db");
//   WriteFile(db + "/CURRENT", "MANIFEST-000001\n");

#ifndef SHEAF_TESTS_FUZZ_SCRATCH_H_
#define SHEAF_TESTS_FUZZ_SCRATCH_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/fuzz/fuzz.h"

namespace sheaf {
namespace fuzz {

// The folder: in /dev/shm if there is one, else in the folder for temporary files. It goes when the
// process ends by itself.
inline const std::string& ScratchFolder() {
  namespace fs = std::filesystem;
  struct Folder {
    Folder() {
      const bool shm = fs::is_directory("/dev/shm");
      path = (shm ? "/dev/shm" : fs::temp_directory_path().string()) + "/sheaf-fuzz-XXXXXX";
      Check(mkdtemp(path.data()) != nullptr, "a folder can be made", path);
    }
    ~Folder() {
      std::error_code ignored;
      fs::remove_all(path, ignored);
    }
    std::string path;
  };
  static const Folder folder;
  return folder.path;
}

// A folder in it that is new and empty, and only the owner's.
inline std::string NewFolder(const std::string& name) {
  namespace fs = std::filesystem;
  const std::string path = ScratchFolder() + "/" + name;
  fs::remove_all(path);
  fs::create_directory(path);
  fs::permissions(path, fs::perms::owner_all);
  return path;
}

inline void WriteFile(const std::string& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  Check(out.good(), "a file can be written", path);
}

}  // namespace fuzz
}  // namespace sheaf

#endif  // SHEAF_TESTS_FUZZ_SCRATCH_H_

// FrozenFiles: the files of a DB as they were at one moment, while another process writes to it.
//
// RocksDB opens a DB for reading by its MANIFEST, and then opens the files that the MANIFEST names.
// Meanwhile a writer may delete some of them and recycle logs. So FrozenFiles opens all files at
// once, checks that the MANIFEST has not changed, and shows RocksDB these files, with the MANIFEST
// and logs at the size that they had. An open file stays readable after it is deleted.
//
// Some files are not frozen but passed through: files of other folders; SSTs and blob files, if the
// process may not have that many files open; all files, if the system has no /proc. See missed().
//
// Ownership: holds the files open; must outlive the DB. Thread safety: as rocksdb::FileSystem.
//
//   absl::StatusOr<std::shared_ptr<FrozenFiles>> files = FrozenFiles::Capture(fs, "lists.db", {});
//   const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(*files);
//   options.env = env.get();

#ifndef SHEAF_TOOLS_DATABASE_FROZEN_FILES_H_
#define SHEAF_TOOLS_DATABASE_FROZEN_FILES_H_

#include <time.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "rocksdb/file_system.h"

namespace sheaf {
namespace load {

class FrozenFiles final : public rocksdb::FileSystemWrapper {
 public:
  // A log or MANIFEST: file `number` was at `path`; read it from `open_path`.
  struct Log {
    uint64_t number = 0;
    uint64_t size = 0;
    std::string path;
    std::string open_path;
  };

  // Captures the DB in folder `path`, which also has files in `folders`. For tests: each attempt
  // calls `between` after its first look at the MANIFEST.
  // Errors: NotFound if there is no CURRENT or MANIFEST; Aborted if MANIFEST changed in each of
  // kAttempts attempts.
  static absl::StatusOr<std::shared_ptr<FrozenFiles>> Capture(
      const std::shared_ptr<rocksdb::FileSystem>& base, const std::string& path,
      const std::vector<std::string>& folders, const std::function<void()>& between = nullptr);
  // Changes if another process changes the files of the DB in `path`, but not if it only appends to
  // logs.
  static std::string Fingerprint(const std::string& path);
  static constexpr int kAttempts = 100;
  ~FrozenFiles() override;

  // The logs in `folder`, by number.
  std::vector<Log> Logs(const std::string& folder) const;
  // The logs that are in `folder` now, not held open.
  static std::vector<Log> LogsNow(const std::string& folder);
  // The MANIFEST that the DB in `path` has now, not held open; nothing if there is none.
  static std::optional<Log> ManifestNow(const std::string& path);

  // True if a log of that moment, with number `first_needed` or higher, was overwritten, perhaps
  // while it was read. It may also have been renamed or deleted.
  bool Disturbed(uint64_t first_needed) const;
  // True if the file that was at `path` was written to since. What looks like damage of a log may
  // be a write between two reads of it.
  bool WrittenSince(const std::string& path) const;
  // True if a file of that moment that was passed through was gone.
  bool missed() const { return missed_; }

  static const char* kClassName() { return "SheafFrozenFiles"; }
  const char* Name() const override { return kClassName(); }

  rocksdb::IOStatus NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus FileExists(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetChildren(const std::string& folder, const rocksdb::IOOptions& options,
                                std::vector<std::string>* names,
                                rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileSize(const std::string& path, const rocksdb::IOOptions& options,
                                uint64_t* size, rocksdb::IODebugContext* debug) override;

 private:
  struct File {
    int fd = -1;  // -1: passed through
    uint64_t size = 0;
    struct timespec written = {};
    std::string front;  // of a log: its first bytes
  };
  using Folder = std::map<std::string, File>;  // by name

  explicit FrozenFiles(const std::shared_ptr<rocksdb::FileSystem>& base)
      : rocksdb::FileSystemWrapper(base) {}

  static std::vector<Log> LogsOf(const std::string& path, const Folder& folder);
  // Opens the files that are in `folder` now. Keeps those that are open already and cannot have
  // changed.
  void Open(const std::string& folder);
  const File* Find(const std::string& path) const;
  // The path to open instead of `path`.
  static std::string OpenPath(const File* file, const std::string& path);
  rocksdb::IOStatus Opened(const File* file, const std::string& path, rocksdb::IOStatus status);

  std::map<std::string, Folder> folders_;
  std::atomic<bool> missed_{false};
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_FROZEN_FILES_H_

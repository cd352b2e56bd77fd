// FrozenFiles: the files of a DB as they were at one moment, while another process writes to it.
//
// A DB that is opened for reading reads its MANIFEST, then the files that this names. Whoever
// writes to the DB meanwhile deletes some of them, and uses logs again. So FrozenFiles opens all
// files at once, checks that MANIFEST is still the same, and shows RocksDB these files, MANIFEST
// and logs with the size that they had. An open file stays readable when it is deleted.
//
// Not frozen, but passed through: files of other folders; SSTs and blob files where the process may
// not have as many files open; all, where the system has no /proc. See missed().
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
  // A log or MANIFEST: file `number` was at `path`, and is read from `open_path`.
  struct Log {
    uint64_t number = 0;
    uint64_t size = 0;
    std::string path;
    std::string open_path;
  };

  // The DB in folder `path`, which also has files in `folders`. `between` is called, for tests, in
  // each attempt after MANIFEST was looked at first.
  // Errors: NotFound if there is no CURRENT or MANIFEST; Aborted if MANIFEST changed in each of
  // kAttempts attempts.
  static absl::StatusOr<std::shared_ptr<FrozenFiles>> Capture(
      const std::shared_ptr<rocksdb::FileSystem>& base, const std::string& path,
      const std::vector<std::string>& folders, const std::function<void()>& between = nullptr);
  // Differs after another process changed what there is of the DB in `path`, but for values in its
  // logs.
  static std::string Fingerprint(const std::string& path);
  static constexpr int kAttempts = 100;
  ~FrozenFiles() override;

  // In `folder`, by number.
  std::vector<Log> Logs(const std::string& folder) const;
  // Those that are in `folder` now, not held open.
  static std::vector<Log> LogsNow(const std::string& folder);
  // The MANIFEST that the DB in `path` has now, not held open; nothing if there is none.
  static std::optional<Log> ManifestNow(const std::string& path);

  // A log of that moment, from number `first_needed` on, was written anew, and perhaps while it was
  // read. It may have been renamed, and even deleted since.
  bool Disturbed(uint64_t first_needed) const;
  // The file that was at `path` was written to since. What looks like damage of a log may be what
  // was written between two reads of it.
  bool WrittenSince(const std::string& path) const;
  // A file of that moment that was passed through was gone.
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
  // Opens what is in `folder` now. Keeps what was opened before and cannot have changed.
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

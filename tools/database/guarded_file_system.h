// GuardedFileSystem: the machine's file system, in which only named folders can be written to.
//
// RocksDB makes and deletes files wherever its options send it. It deletes some (`*.trash`) even if
// a DB is opened only for reading. The tool opens a DB that it did not make through this file
// system, so that RocksDB changes nothing outside the DB's own folders, whatever OPTIONS say.
//
// Ownership: holds the file system of rocksdb::Env::Default(). Thread safety: immutable.
//
//   auto guard = std::make_shared<GuardedFileSystem>(std::vector<std::string>{});  // reads only
//   const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(guard);

#ifndef SHEAF_TOOLS_DATABASE_GUARDED_FILE_SYSTEM_H_
#define SHEAF_TOOLS_DATABASE_GUARDED_FILE_SYSTEM_H_

#include <memory>
#include <string>
#include <vector>

#include "rocksdb/file_system.h"

namespace sheaf {
namespace load {

// True for the name of a log, such as 000004.log.
bool IsLogName(const std::string& name);

class GuardedFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  // Only files below `writable` can be made, changed and deleted. `options_text`, if not empty,
  // replaces RocksDB's text in each OPTIONS file that RocksDB writes.
  explicit GuardedFileSystem(const std::vector<std::string>& writable,
                             std::string options_text = "");

  // Hides logs from RocksDB, so that it opens a DB as its MANIFEST describes it.
  void HideLogs() { hide_logs_ = true; }

  const char* Name() const override { return "sheaf.guarded"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& path, const std::string& old_path,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewLogger(const std::string& path, const rocksdb::IOOptions& options,
                              std::shared_ptr<rocksdb::Logger>* logger,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetChildren(const std::string& folder, const rocksdb::IOOptions& options,
                                std::vector<std::string>* names,
                                rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus Truncate(const std::string& path, size_t size,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& path, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LockFile(const std::string& path, const rocksdb::IOOptions& options,
                             rocksdb::FileLock** lock, rocksdb::IODebugContext* debug) override;

 private:
  // OK if `path` is below a writable folder, or is one.
  rocksdb::IOStatus Check(const std::string& path) const;
  rocksdb::IOStatus WriteOptionsText(const std::string& path, const rocksdb::IOOptions& options,
                                     rocksdb::IODebugContext* debug);

  std::vector<std::string> writable_;  // absolute, normal, without a slash at the end
  const std::string options_text_;
  bool hide_logs_ = false;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_GUARDED_FILE_SYSTEM_H_

// FailingReads: a file system whose SSTs cannot be read, from when a test says so until it says
// that they can.
//
//   const auto files = std::make_shared<FailingReads>();
//   const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(files);
//   files->fails = true;

#ifndef SHEAF_TESTS_ROCKSDB_FAILING_READS_H_
#define SHEAF_TESTS_ROCKSDB_FAILING_READS_H_

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "rocksdb/file_system.h"
#include "rocksdb/io_status.h"

namespace sheaf {
namespace testing {

class FailingReads final : public rocksdb::FileSystemWrapper {
 public:
  // `status`: of reads that fail.
  explicit FailingReads(rocksdb::IOStatus status = rocksdb::IOStatus::IOError("the disk is broken"))
      : FileSystemWrapper(rocksdb::FileSystem::Default()), status_(std::move(status)) {}
  const char* Name() const override { return "FailingReads"; }

  std::atomic<bool> fails{false};

  rocksdb::IOStatus NewRandomAccessFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus s = target()->NewRandomAccessFile(path, options, file, debug);
    if (s.ok()) *file = std::make_unique<File>(std::move(*file), this);
    return s;
  }

 private:
  class File final : public rocksdb::FSRandomAccessFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSRandomAccessFile> file, const FailingReads* files)
        : FSRandomAccessFileOwnerWrapper(std::move(file)), files_(*files) {}
    rocksdb::IOStatus Read(uint64_t offset, size_t n, const rocksdb::IOOptions& options,
                           rocksdb::Slice* result, char* scratch,
                           rocksdb::IODebugContext* debug) const override {
      if (files_.fails) return files_.status_;
      return FSRandomAccessFileOwnerWrapper::Read(offset, n, options, result, scratch, debug);
    }

   private:
    const FailingReads& files_;
  };

  const rocksdb::IOStatus status_;
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_FAILING_READS_H_

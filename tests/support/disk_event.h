// DiskEvent: one change of a folder tree, or one sync, in the order in which a process made them.
//
// disk_recorder.cc writes events from inside the recorded process; PowerCut reads them. Events name
// files and folders by inode number, the only name of an open file that does not change.

#ifndef SHEAF_TESTS_SUPPORT_DISK_EVENT_H_
#define SHEAF_TESTS_SUPPORT_DISK_EVENT_H_

#include <cstdint>

namespace sheaf {
namespace testing {

// Environment variables: the path of the file that gets a process's events, and the folder to
// record.
constexpr char kDiskLogVariable[] = "SHEAF_DISK_LOG";
constexpr char kDiskRootVariable[] = "SHEAF_DISK_ROOT";

// An event in the log. `text` bytes follow, then `data` bytes.
struct DiskEventHeader {
  enum Kind : uint32_t {
    kCreate,       // inode `b` of mode `c` in folder `a`; text: name
    kLink,         // inode `b` in folder `a`; text: name
    kRename,       // from folder `a` to folder `b`; text: old name; data: new name
    kRemove,       // from folder `a`; text: name
    kWrite,        // to inode `a` at offset `b`; data: bytes
    kTruncate,     // inode `a` to `b` bytes
    kSync,         // inode `a`, a file or a folder
    kOutput,       // to descriptor `a`, 1 or 2; data: bytes
    kUnsupported,  // text: a call that the recorder cannot follow
  };
  Kind kind;
  uint32_t text;
  uint64_t data;
  uint64_t a;
  uint64_t b;
  uint64_t c;
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_SUPPORT_DISK_EVENT_H_

// PowerCut: what a disk may hold after a power cut.
//
// A process runs while a DiskRecording is alive, which records each sync and each change that the
// process makes below a folder. PowerCut replays the record up to any event, and then writes the
// folder as a disk might hold it if the power failed right there. It promises what POSIX promises
// and no more:
//
//   - The bytes of a file are there after fsync or fdatasync of the file. Any part of later writes
//     may be there: none, all, a prefix that ends within a write, or any sectors.
//   - Names in a folder (creations, links, renames, removals) are there after fsync of the folder.
//     The first few of later changes may be there, in order, in each folder for itself. fsync of a
//     new file does not make its name last.
//   - A rename is there as a whole or not at all, also between two folders. A sector of 512 bytes
//     is old or new.
//
// File systems promise more (ext4 and xfs have one order for all folders). A program that relies on
// that fails here.
//
//   PowerCut disk(root);                         // everything there now has reached the disk
//   { DiskRecording recording(root, log); RunSheaf({"append", ...}); }
//   for (DiskEvent& event : ReadDiskLog(log)) disk.Apply(event);
//   disk.WriteTo(root, Cut::Strict());           // nothing that was not synced
//
// Thread safety: none.

#ifndef SHEAF_TESTS_SUPPORT_POWER_CUT_H_
#define SHEAF_TESTS_SUPPORT_POWER_CUT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/support/disk_event.h"

namespace sheaf {
namespace testing {

struct DiskEvent {
  using Kind = DiskEventHeader::Kind;
  Kind kind;
  uint64_t a, b, c;
  std::string text;
  std::string data;
};

// Processes that start while it is alive append to `log` what they do to the disk below `root`.
class DiskRecording {
 public:
  DiskRecording(const std::string& root, const std::string& log);
  ~DiskRecording();
  DiskRecording(const DiskRecording&) = delete;
  DiskRecording& operator=(const DiskRecording&) = delete;
};

// All complete events. A killed process may leave a part of one, which is left out.
std::vector<DiskEvent> ReadDiskLog(const std::string& log);

// What becomes of changes that were not synced.
struct Cut {
  enum class Data {
    kLost,
    kThere,
    kTorn,
    kSectors,
    // There, except in files whose sync was lost (PowerCut::Loses): these lose everything that was
    // not synced, or only the last write.
    kLostOfLostSyncs,
    kLastOfLostSyncs
  };
  enum class Names { kLost, kThere, kSome, kLostOfLostSyncs };
  Data data = Data::kLost;
  Names names = Names::kLost;
  uint32_t seed = 0;

  static Cut Strict() { return {}; }
  // As if the process had been killed.
  static Cut Nothing() { return {Data::kThere, Names::kThere, 0}; }
  // Nothing but the lost syncs is missing.
  static Cut LostSyncs(bool last_write) {
    return {last_write ? Data::kLastOfLostSyncs : Data::kLostOfLostSyncs, Names::kLostOfLostSyncs,
            0};
  }
  static Cut Random(std::mt19937* random);
  std::string ToString() const;
};

class PowerCut {
 public:
  // `loses` returns true for a path below `root` whose syncs are not done. It shows that a test
  // needs them.
  using Loses = std::function<bool(const std::string& path)>;

  explicit PowerCut(const std::string& root, Loses loses = nullptr);
  ~PowerCut();
  PowerCut(const PowerCut&) = delete;
  PowerCut& operator=(const PowerCut&) = delete;

  // Aborts at a call that cannot be followed.
  void Apply(const DiskEvent& event);

  // True if the last sync of a file or folder was lost.
  bool LacksSync() const;

  // Path below the folder -> bytes, as without a power cut. Folders end with '/' and have no bytes.
  std::map<std::string, std::string> Now() const;

  // Replaces what is in `folder`.
  void WriteTo(const std::string& folder, const Cut& cut) const;

 private:
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  using Entries = std::map<std::string, NodePtr>;
  // Names that change together. A null node: the name is removed.
  struct Fact {
    NodePtr folder;
    std::string name;
    NodePtr node;
  };
  using Facts = std::vector<Fact>;

  NodePtr Read(const std::string& path);
  NodePtr Find(uint64_t inode) const;
  void Change(Facts facts);
  void SyncFolder(const NodePtr& folder);
  std::map<const Node*, Entries> NamesAfter(const Cut& cut, std::mt19937* random) const;

  const Loses loses_;
  std::map<uint64_t, NodePtr> nodes_;
  NodePtr root_;
  std::vector<Facts> pending_;  // names that were not synced, in order
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_SUPPORT_POWER_CUT_H_

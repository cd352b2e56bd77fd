// LoadPlace: the folders of a load: where it puts what it makes, and where it works.
//
// What is made must be at its place with everything in it or not at all, so it is built in another
// folder of the same file system, the staged one, and moved there.
//
// Thread safety: immutable.
//
//   const LoadPlace place(LoadPlace::Kind::kDb, "lists.db", "");
//   const std::string staged = place.StagedFor(journal->id(), journal->folder());

#ifndef SHEAF_TOOLS_LOAD_RESUME_LOAD_PLACE_H_
#define SHEAF_TOOLS_LOAD_RESUME_LOAD_PLACE_H_

#include <string>
#include <vector>

namespace sheaf {
namespace load {

class LoadPlace {
 public:
  enum class Kind {
    kDb,    // a DB, which may be there
    kSsts,  // SSTs for somebody else to ingest
  };

  // `target`: a folder, as the user named it. `tmp`: the folder for temporary files; empty for one
  // that is on the file system of `target`.
  LoadPlace(Kind kind, const std::string& target, const std::string& tmp);

  bool is_db() const { return kind_ == Kind::kDb; }
  // Canonical.
  const std::string& target() const { return target_; }
  // Of the folder of temporary files: beside the target, or in it where that is another file system
  // than its parent, or the parent cannot be written.
  const std::string& prefix() const { return prefix_; }
  // What the folder is staged as by load `id`, whose temporary files are in `folder`.
  std::string StagedFor(const std::string& id, const std::string& folder) const;
  // All that StagedFor() can have returned, for a load into `target`.
  static std::vector<std::string> StagedBy(const std::string& id, const std::string& folder,
                                           const std::string& target);

  // The file that makes a folder what is wanted; it is moved last.
  const char* last_file() const;
  // True if `folder` has that file.
  bool HasLastFile(const std::string& folder) const;

 private:
  Kind kind_;
  std::string target_;
  std::string prefix_;
  bool in_place_;  // temporary files are on the file system of the target, which does not exist
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_RESUME_LOAD_PLACE_H_

// EditFolder: makes one operand of many, which does to any list what they do one after the other.
//
// What can be known without the list is done: edits reach through values that were appended before
// them, so that appending and trimming over and over folds into what is left. In order:
//
//     edits of what was there | values appended after them
//
// Lifetime: borrows the operands. Thread safety: none.

#ifndef SHEAF_PLUGIN_CODEC_EDIT_FOLDER_H_
#define SHEAF_PLUGIN_CODEC_EDIT_FOLDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "plugin/codec/editable_list.h"
#include "plugin/codec/operand.h"

namespace sheaf {
namespace internal {

class EditFolder {
 public:
  // `limited`: the list is kept to limits as it grows, so that what is appended changes what an
  // edit after it finds. Edits then stay where they are, and only appends are joined.
  explicit EditFolder(bool limited) : limited_(limited) {}

  void Push(const Edit& edit);

  // Replaces `*out` with the operand. Errors: ResourceExhausted past 4 GiB.
  absl::Status Finish(std::string* out);

 private:
  struct Step {
    Edit::Kind kind;
    uint64_t count;  // of kKeepFirst, kKeepLast, kDropFirst
    std::string operand;
  };

  bool StartsEmpty() const;
  void Forget();
  void PushKeep(Edit::Kind kind, uint64_t count);
  void PushDropFirst(uint64_t count);
  void PushRemove(const Edit& edit);
  void PushAsItIs(const Edit& edit);
  void PushTail();

  const bool limited_;
  std::vector<Step> steps_;
  EditableList tail_;
  absl::Status status_;  // of tails past 4 GiB
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_EDIT_FOLDER_H_

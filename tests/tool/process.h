// Process: runs the real `sheaf` binary, as a user does, and keeps what it printed.
//
//   const Result result = RunSheaf({"get", "--db", db, "k"});
//   EXPECT_EQ(result.exit_status, 0) << result.err;

#ifndef SHEAF_TESTS_TOOL_PROCESS_H_
#define SHEAF_TESTS_TOOL_PROCESS_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sheaf {
namespace testing {

struct Result {
  int exit_status = -1;  // 128 + signal if a signal ended it
  std::string out;
  std::string err;
};

// Path of the binary, for a shell.
std::string SheafPath();

// `input` comes through a pipe.
Result RunSheaf(const std::vector<std::string>& arguments, const std::string& input = "");

// A process whose stdin stays open until CloseInput().
class Process {
 public:
  explicit Process(const std::vector<std::string>& arguments, const std::string& out_path = "");
  ~Process();
  void Write(const std::string& input);
  void CloseInput();
  void Signal(int signal);
  // Waits for text on stderr. False if the process ended without it.
  bool WaitForError(const std::string& text);
  // Waits until the condition is true. False if the process ended without.
  bool WaitUntil(const std::function<bool()>& condition) const;
  // Waits until the process has the file at `path` open. False if it ended without.
  bool WaitUntilOpen(const std::string& path) const;
  Result Wait();

 private:
  void Pump(bool until_end, const std::string& text);

  int pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  Result result_;
};

// An empty folder of the current test.
std::string TestFolder();

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& bytes);

// Path below `folder` -> bytes, of all files; folders end with '/' and have no bytes.
std::map<std::string, std::string> Snapshot(const std::string& folder);

// `text` contains `part`.
bool Has(const std::string& text, const std::string& part);

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_TOOL_PROCESS_H_

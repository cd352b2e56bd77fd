#include "tools/sheaf/command.h"
namespace sheaf {
namespace tool {
void AddInspectCommand(CLI::App&, int*) {}
}  // namespace tool
}  // namespace sheaf

#include "tools/sheaf/command.h"
namespace sheaf {
namespace tool {
void AddVerifyCommand(CLI::App&, int*) {}
}  // namespace tool
}  // namespace sheaf

#include "tools/sheaf/command.h"
namespace sheaf {
namespace tool {
void AddExportCommand(CLI::App&, int*) {}
}  // namespace tool
}  // namespace sheaf

// The version that `sheaf --version` prints.

#ifndef SHEAF_TOOLS_SHEAF_VERSION_H_
#define SHEAF_TOOLS_SHEAF_VERSION_H_

namespace sheaf {
namespace tool {

constexpr char kVersion[] = "0.1.0";

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_VERSION_H_

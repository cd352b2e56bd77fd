// The version of Sheaf. It is written here alone: the tool, the shared library's name, sheaf.pc and
// the CMake package are all made from it.
//
//   static_assert(SHEAF_VERSION_MAJOR > 0 || SHEAF_VERSION_MINOR >= 1, "needs Sheaf 0.1");

#ifndef SHEAF_VERSION_H_
#define SHEAF_VERSION_H_

// Before 1.0, a new minor version may change the API and does change the ABI; a new patch version
// changes neither.
#define SHEAF_VERSION_MAJOR 0
#define SHEAF_VERSION_MINOR 1
#define SHEAF_VERSION_PATCH 0

#endif  // SHEAF_VERSION_H_

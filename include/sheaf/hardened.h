// SHEAF_HARDENED: whether an index that is out of range ends the process in a release build too.
//
// operator[], front(), back() and all other functions that say "REQUIRES" of an index or a number
// of bytes do not return an error. Without NDEBUG they check it. With NDEBUG they check it if
// SHEAF_HARDENED is 1: the process then ends with a message, instead of reading other bytes.
// At() returns an error in every build. Iterators are not checked.
//
// Default: ABSL_OPTION_HARDENED of your abseil, which does the same for absl::Span. It is 1 in
// Debian's abseil. Set the macro for the whole program, Sheaf included: -DSHEAF_HARDENED=0 or =1.

#ifndef SHEAF_HARDENED_H_
#define SHEAF_HARDENED_H_

#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "absl/base/optimization.h"
#include "absl/base/options.h"

#ifndef SHEAF_HARDENED
#define SHEAF_HARDENED ABSL_OPTION_HARDENED
#endif

namespace sheaf {
namespace internal {

// "sheaf: value 7 of 2 is out of range".
[[noreturn, gnu::cold, gnu::noinline]] inline void OutOfRange(const char* what, size_t at,
                                                              size_t size) {
  std::fprintf(stderr, "sheaf: %s %zu of %zu is out of range\n", what, at, size);
  std::abort();
}

}  // namespace internal
}  // namespace sheaf

// `what` is "value" or "byte"; number `at` of `size`.
#if SHEAF_HARDENED || !defined(NDEBUG)
#define SHEAF_CHECK_RANGE(condition, what, at, size)   \
  (ABSL_PREDICT_TRUE(condition) ? static_cast<void>(0) \
                                : ::sheaf::internal::OutOfRange(what, at, size))
#else
#define SHEAF_CHECK_RANGE(condition, what, at, size) static_cast<void>(0)
#endif

#endif  // SHEAF_HARDENED_H_

// Which sanitizer a test is built with. Those take memory and address space of their own.

#ifndef SHEAF_TESTS_SUPPORT_SANITIZERS_H_
#define SHEAF_TESTS_SUPPORT_SANITIZERS_H_

namespace sheaf {
namespace test {

#if defined(__has_feature)
#define SHEAF_HAS_FEATURE(x) __has_feature(x)
#else
#define SHEAF_HAS_FEATURE(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || SHEAF_HAS_FEATURE(address_sanitizer)
constexpr bool kAddressSanitizer = true;
#else
constexpr bool kAddressSanitizer = false;
#endif

#if defined(__SANITIZE_THREAD__) || SHEAF_HAS_FEATURE(thread_sanitizer)
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif

#undef SHEAF_HAS_FEATURE

}  // namespace test
}  // namespace sheaf

#endif  // SHEAF_TESTS_SUPPORT_SANITIZERS_H_

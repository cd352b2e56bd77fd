// Holds the library against the reference codec, for one input at a time. Returns what they
// disagree on rather than asserting it, so that tests and fuzzers can share it.

#ifndef SHEAF_TESTS_CODEC_DIFFERENTIAL_H_
#define SHEAF_TESTS_CODEC_DIFFERENTIAL_H_

#include <string>
#include <string_view>
#include <vector>

#include "sheaf/blob_view.h"
#include "sheaf/layout.h"
#include "tests/codec/reference_codec.h"

namespace sheaf {
namespace test {

reference::Form FormOf(Layout layout);

// "" if every way to read `view` gives `values`, whose contents lie back to back inside it; else
// which way does not.
std::string DifferenceFrom(const reference::Values& values, const BlobView& view);

// "" if the library and the reference agree about `bytes`: whether they are a blob, whether they
// begin with one, and on every value by every accessor; else what they disagree on.
std::string DecodeDifference(std::string_view bytes, Layout layout);

// "" if every way to encode `values` writes what the reference does.
std::string EncodeDifference(const reference::Values& values, Layout layout);

}  // namespace test
}  // namespace sheaf

#endif  // SHEAF_TESTS_CODEC_DIFFERENTIAL_H_

// Views of temporaries, by every accessor that clang can warn of, and results that nobody uses. It
// is compiled, and not run: clang must warn of the lines that say so, and of no other one.
//
// Not here, as clang 14 says nothing of them: what lies behind a BlobView or an iterator, as in
// `Load(key).view()[0]` and `*Load(key).begin()`. Both borrow the bytes, not the object that they
// are asked of, so an attribute on them would warn of right code.

#include "tests/docs/header_examples.h"

namespace sheaf {

using Integers = TypedList<int>;

Segments LoadSegments();
Integers LoadIntegers();
std::string LoadString();

// Views of a temporary PinnedBlob, PinnedSlice, Segments, TypedList, string.
void Dangling() {
  Use(std::string_view(Load(key)[0]));  // right: the temporary lives until the end of the line

  std::string_view value = Load(key)[0];                           // WRONG, clang warns
  std::string_view front = Load(key).front();                      // WRONG, clang warns
  std::string_view back = Load(key).back();                        // WRONG, clang warns
  absl::StatusOr<std::string_view> at = Load(key).At(0);           // WRONG, clang warns
  PinnedBlob::const_iterator begin = Load(key).begin();            // WRONG, clang warns
  PinnedBlob::const_iterator end = Load(key).end();                // WRONG, clang warns
  PinnedBlob::const_reverse_iterator rbegin = Load(key).rbegin();  // WRONG, clang warns
  PinnedBlob::const_reverse_iterator rend = Load(key).rend();      // WRONG, clang warns
  const BlobView& view = Load(key).view();                         // WRONG, clang warns
  for (std::string_view each : Load(key).view()) Use(each);        // WRONG, clang warns
  for (std::string_view each : Load(key)) Use(each);               // right: the loop keeps it

  std::string_view slice = Load(key).Slice(0);             // WRONG, clang warns
  std::string_view bytes_of = Load(key).Slice(0).view();   // WRONG, clang warns
  const char* data = Load(key).Slice(0).data();            // WRONG, clang warns
  std::string_view contents = Load(key).Contents();        // WRONG, clang warns
  std::string_view part = Load(key).Slice(0).Subslice(1);  // WRONG, clang warns
  PinnedSlice kept = Load(key).Slice(0).Subslice(1);       // right: it holds the block

  std::string_view of_segments = LoadSegments()[0];                  // WRONG, clang warns
  std::string_view first = LoadSegments().front();                   // WRONG, clang warns
  std::string_view last = LoadSegments().back();                     // WRONG, clang warns
  absl::StatusOr<std::string_view> third = LoadSegments().At(2);     // WRONG, clang warns
  Segments::const_iterator from = LoadSegments().begin();            // WRONG, clang warns
  Segments::const_iterator to = LoadSegments().end();                // WRONG, clang warns
  Segments::const_reverse_iterator rfrom = LoadSegments().rbegin();  // WRONG, clang warns
  Segments::const_reverse_iterator rto = LoadSegments().rend();      // WRONG, clang warns
  for (const PinnedBlob& each : LoadSegments().blobs()) Use(each);   // WRONG, clang warns
  for (std::string_view each : LoadSegments()) Use(each);            // right: the loop keeps them

  Integers::const_iterator number = LoadIntegers().begin();           // WRONG, clang warns
  Integers::const_iterator past = LoadIntegers().end();               // WRONG, clang warns
  Integers::const_reverse_iterator newest = LoadIntegers().rbegin();  // WRONG, clang warns
  Integers::const_reverse_iterator oldest = LoadIntegers().rend();    // WRONG, clang warns
  int copied = LoadIntegers().front();                                // right: it is a value

  std::vector<std::string_view> views = AsValues(std::vector<int>(3));  // WRONG, clang warns
  std::vector<std::string_view> listed = AsValues({1, 2});              // WRONG, clang warns
  std::string_view integer = EncodeBigEndian(7);                        // WRONG, clang warns
  absl::StatusOr<BlobView> parsed = BlobView::Parse(LoadString());      // WRONG, clang warns
  auto external = PinnedBlob::FromExternal(LoadString(), nullptr);      // WRONG, clang warns
}

// What borrows the bytes only may outlive the object that it was asked of.
std::string_view First(BlobView list) { return list[0]; }
std::string_view Last(BlobView list) { return list.back(); }
BlobIterator Begin(BlobView list) { return list.begin(); }
std::string_view Third(BlobIterator begin) { return begin[2]; }
BlobView ViewOf(const PinnedBlob& list) { return list.view(); }

// Results without which the call does nothing.
void Ignored(const PinnedBlob& list, const PinnedSlice& slice, const Segments& segments,
             const Integers& integers, BlobBuilder& builder, std::string_view* input) {
  list.empty();                     // WRONG, clang warns
  list.size();                      // WRONG, clang warns
  list[0];                          // WRONG, clang warns
  list.At(0);                       // WRONG, clang warns
  list.front();                     // WRONG, clang warns
  list.back();                      // WRONG, clang warns
  list.begin();                     // WRONG, clang warns
  list.rbegin();                    // WRONG, clang warns
  list.view();                      // WRONG, clang warns
  list.view().layout();             // WRONG, clang warns
  list.view().contents();           // WRONG, clang warns
  list.view().Views();              // WRONG, clang warns
  list.view().From(0);              // WRONG, clang warns
  list.view().front();              // WRONG, clang warns
  list.view().back();               // WRONG, clang warns
  list.view().rbegin();             // WRONG, clang warns
  list.view().CheckValueSizes(8);   // WRONG, clang warns
  list.Slice(0);                    // WRONG, clang warns
  list.Slices();                    // WRONG, clang warns
  list.Contents();                  // WRONG, clang warns
  list.zero_copy();                 // WRONG, clang warns
  slice.Detach();                   // WRONG, clang warns
  slice.Subslice(1);                // WRONG, clang warns
  slice.view();                     // WRONG, clang warns
  slice.data();                     // WRONG, clang warns
  slice.size();                     // WRONG, clang warns
  slice.ToString();                 // WRONG, clang warns
  segments.size();                  // WRONG, clang warns
  segments.At(0);                   // WRONG, clang warns
  segments.front();                 // WRONG, clang warns
  segments.back();                  // WRONG, clang warns
  segments.rbegin();                // WRONG, clang warns
  segments.blobs();                 // WRONG, clang warns
  segments.Slices();                // WRONG, clang warns
  integers.size();                  // WRONG, clang warns
  integers[0];                      // WRONG, clang warns
  integers.At(0);                   // WRONG, clang warns
  integers.back();                  // WRONG, clang warns
  integers.ToVector();              // WRONG, clang warns
  Integers::FromBlob(list);         // WRONG, clang warns
  Integers::FromView(list.view());  // WRONG, clang warns
  builder.size();                   // WRONG, clang warns
  builder.Finish(nullptr);          // WRONG, clang warns
  Encode({"a"});                    // WRONG, clang warns
  BlobView::Parse(*input);          // WRONG, clang warns
  BlobView::ParsePrefix(input);     // WRONG, clang warns
  PinnedBlob::FromString("");       // WRONG, clang warns
  AsValues({1});                    // WRONG, clang warns
  EncodeBigEndian(7);               // WRONG, clang warns
  DecodeBigEndian<int>("1234");     // WRONG, clang warns
}

}  // namespace sheaf

// Histograms for people: bars in a terminal of 80 columns.

#ifndef SHEAF_TOOLS_SHEAF_HISTOGRAM_TEXT_H_
#define SHEAF_TOOLS_SHEAF_HISTOGRAM_TEXT_H_

#include <string>

#include "plugin/rocksdb/histogram.h"

namespace sheaf {
namespace tool {

// The unit of the numbers in a histogram.
enum class Unit { kCount, kBytes };

// Appends an empty line, `title` with the quantiles, and a line for each bucket: its range, how
// many numbers are in it, their share, the share of all numbers up to its end, and a bar. Appends
// nothing for an empty histogram.
//
//   bytes a value: min 1 B, median ~23 B, p99 ~1.4 KB, max 2.0 KB
//                 values  share  up to
//        8 to 15 B  1,200  12.0%  12.0%  ########
//       16 to 31 B  6,000  60.0%  72.0%  ########################################
void AppendBars(const char* title, const char* counted, const internal::Histogram& histogram,
                Unit unit, std::string* out);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_HISTOGRAM_TEXT_H_

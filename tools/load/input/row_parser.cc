#include "tools/load/input/row_parser.h"

namespace sheaf {
namespace load {

std::unique_ptr<RowParser> NewRowParser(RowFormat format, OnError on_error) {
  switch (format) {
    case RowFormat::kTsv:
      return NewTsvParser(on_error);
    case RowFormat::kJsonl:
      return NewJsonlParser(on_error);
    case RowFormat::kFramed:
      return NewFramedParser(on_error);
    case RowFormat::kCsv:
      return NewCsvParser(on_error);
  }
  return nullptr;
}

}  // namespace load
}  // namespace sheaf

#include "tools/sheaf/operand_debt.h"

#include <algorithm>

namespace sheaf {
namespace tool {

bool OperandDebt::Before(const Ranked& a, const Ranked& b) {
  return a.key.operands != b.key.operands ? a.key.operands > b.key.operands : a.order < b.order;
}

void OperandDebt::Add(std::string_view key, const PendingOperands& pending) {
  if (pending.count == 0) return;
  operands_ += pending.count;
  bytes_ += pending.bytes;
  ++keys_;
  if (top_ == 0) return;
  if (heap_.size() == top_) {
    if (heap_.front().key.operands >= pending.count) return;
    std::pop_heap(heap_.begin(), heap_.end(), Before);
    heap_.pop_back();
  }
  heap_.push_back({{std::string(key), pending.count, pending.bytes}, keys_});
  std::push_heap(heap_.begin(), heap_.end(), Before);
}

std::vector<OperandDebt::Key> OperandDebt::Top() const {
  std::vector<Ranked> ranked = heap_;
  std::sort(ranked.begin(), ranked.end(), Before);
  std::vector<Key> keys;
  for (Ranked& each : ranked) keys.push_back(std::move(each.key));
  return keys;
}

}  // namespace tool
}  // namespace sheaf

// OperandDebt: counts pending operands, and finds the keys that have the most.
//
// Thread safety: none.
//
//   OperandDebt debt(10);
//   for (; scan.Valid(); scan.Next()) debt.Add(scan.key(), scan.operands());
//   Print(debt.operands(), debt.Top());

#ifndef SHEAF_TOOLS_SHEAF_OPERAND_DEBT_H_
#define SHEAF_TOOLS_SHEAF_OPERAND_DEBT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sheaf {
namespace tool {

// The operands that a read merged under one key.
struct PendingOperands {
  uint64_t count = 0;
  uint64_t bytes = 0;
};

class OperandDebt {
 public:
  struct Key {
    std::string key;
    uint64_t operands = 0;
    uint64_t bytes = 0;
  };

  // Remembers the `top` keys with the most operands.
  explicit OperandDebt(size_t top = 0) : top_(top) {}

  void Add(std::string_view key, const PendingOperands& pending);

  uint64_t operands() const { return operands_; }
  uint64_t bytes() const { return bytes_; }
  // Keys with an operand or more.
  uint64_t keys() const { return keys_; }
  // The key with the most operands first; among equal keys, the one that was added first.
  std::vector<Key> Top() const;

 private:
  const size_t top_;
  uint64_t operands_ = 0;
  uint64_t bytes_ = 0;
  uint64_t keys_ = 0;
  struct Ranked {
    Key key;
    uint64_t order;
  };
  static bool Before(const Ranked& a, const Ranked& b);
  std::vector<Ranked> heap_;  // the one with the lowest rank is in front
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_OPERAND_DEBT_H_

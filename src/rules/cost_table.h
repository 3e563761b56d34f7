// What one request costs by a rule.
#pragma once

#include <cstdint>

#include "rules/conditions.h"
#include "rules/path_trie.h"
#include "rules/rule.h"

namespace rateguard::rules {

// Immutable after it is made. Borrows from the RuleCost, which outlives it.
class CostTable {
 public:
  // REQUIRES: check_rule() succeeded for the rule that has it.
  explicit CostTable(const RuleCost& cost);

  // Units for a request of cost 1.
  uint64_t units_for(const RequestView& asked) const;

 private:
  const RuleCost& cost_;
  PathTrie paths_;  // hits: indexes in cost_.by_path
};

// A request of cost `asked` by a rule that takes `units` of cost 1: at most one more than any limit can have, so that
// no limit admits what is beyond all of them.
Cost weighed(Cost asked, uint64_t units);

}  // namespace rateguard::rules

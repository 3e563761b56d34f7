// The limits that a rule has for subjects by name.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "rules/compiled_limit.h"
#include "rules/flat_index.h"
#include "rules/rule.h"

namespace rateguard::rules {

// Immutable after it is made. Borrows from the SubjectLimits, which outlives it. A search takes one look-up in a table,
// however many subjects there are; a subject takes about 32 bytes besides its name.
class NamedLimits {
 public:
  // REQUIRES: check_rule() succeeded for the rule.
  explicit NamedLimits(const Rule& rule);

  // The limit of a subject, given its part as it is counted; null if it is not named.
  const CompiledLimit* find(std::string_view value) const {
    const auto at = names_.find(0, value);
    return at ? &limits_[*at] : nullptr;
  }
  // One that is not unlimited; null: all are.
  const CompiledLimit* any() const {
    for (const CompiledLimit& one : limits_) {
      if (one.limit != nullptr) return &one;
    }
    return nullptr;
  }

 private:
  std::vector<CompiledLimit> limits_;
  FlatIndex names_;
};

// The part of `per` whose values by_subject names: the only one besides route; nullopt if there is none or several.
std::optional<size_t> named_part(const std::vector<Part>& per);

}  // namespace rateguard::rules

// What a replay knows of every counter that it touched: exact, whatever their number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rule_set.h"
#include "simulate/interner.h"

namespace rateguard::simulate {

using SubjectId = uint32_t;
inline constexpr SubjectId kNoSubject = UINT32_MAX;

// A rule's counter: one subject as one rule counts it. `refused` are the rule's own verdicts, in shadow mode those that
// would have been.
struct SubjectFigures {
  rules::RuleId rule = 0;
  uint64_t requests = 0;
  uint64_t refused = 0;
  uint64_t cost_admitted = 0;
};

// About 100 bytes per counter, its key included.
class SubjectTable {
 public:
  // The subject of a counter's key; a new one where it was not seen before.
  SubjectId find_or_add(std::string_view key, rules::RuleId rule) {
    const SubjectId id = keys_.intern(key);
    if (id == figures_.size()) figures_.push_back({.rule = rule});
    return id;
  }
  // The subject of a key that was seen. REQUIRES: it was.
  SubjectId find(std::string_view key) const { return *keys_.find(key); }
  SubjectFigures& operator[](SubjectId id) { return figures_[id]; }
  const SubjectFigures& operator[](SubjectId id) const { return figures_[id]; }
  std::string_view key(SubjectId id) const { return keys_.text(id); }
  SubjectId size() const { return keys_.size(); }

  // Stands for the requests that a rule refused because they lacked `missing_part`, whoever they came from: no counter,
  // and no subject in the figures.
  SubjectId find_or_add_missing(std::string_view missing_part, std::string_view rule_name, rules::RuleId rule);
  bool is_counter(SubjectId id) const { return !keys_.text(id).starts_with(kMissingKind); }

  // The first byte of what stands for no counter; the keys of counters begin otherwise (store/counter_key.h).
  static constexpr char kMissingKind = 'M';

 private:
  Interner keys_;
  std::vector<SubjectFigures> figures_;
  std::string scratch_;
};

// The name of a counter's subject in reports: its parts as text, safe to print, joined by spaces; "everyone" for a
// global rule. API keys, cookies and other credentials are masked: their first characters and, so that two can be told
// apart, a number.
std::string subject_name(std::string_view key, const rules::Rule& rule, SubjectId id);

}  // namespace rateguard::simulate

// The names of the subjects that a replay counted: derived again from the first request of each, since the names of
// millions would take more memory than everything else known about them.
#pragma once

#include <string>
#include <string_view>

#include "simulate/recording.h"
#include "simulate/scenario.h"
#include "simulate/subject_table.h"

namespace rateguard::simulate {

class SubjectNames {
 public:
  // Of a replay of `recording` by the rules of `scenario`; both outlive this.
  SubjectNames(const Recording& recording, const Scenario& scenario) : recording_(recording), scenario_(scenario) {}

  // The key of the counter that `rule` charged for an event; lives until the next call. REQUIRES: it charged one.
  std::string_view counter_key(uint32_t event, rules::RuleId rule);
  // A counter's subject: its parts as text, safe to print, joined by spaces; "everyone" for a global rule. API keys,
  // cookies and other credentials are masked: their first characters and, so that two can be told apart, a number.
  std::string counter_name(const SubjectFigures& subject, rules::RuleId rule);
  // A counter's subject independent of the rule: its parts except the route. Only for comparison. Empty for nobody in
  // particular, as in a global rule. REQUIRES: as for counter_key().
  std::string caller(uint32_t event, rules::RuleId rule);
  // Of requests that a rule refused because they lacked what it counts by.
  struct Missing {
    rules::RuleId rule = 0;
    std::string name;  // "requests without api_key"
  };
  // REQUIRES: the event was refused for that reason.
  Missing missing_name(uint32_t event);

 private:
  void match(uint32_t event);

  const Recording& recording_;
  const Scenario& scenario_;
  identify::Scratch scratch_;
  rules::Matches matches_;
};

// The name of a counter by its key, as above.
std::string subject_name(std::string_view key, const rules::Rule& rule, SubjectId id);

}  // namespace rateguard::simulate

// For fuzz targets: a few rules of different algorithms, which a short input can name and overrun.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "limiter/limiter.h"

namespace rateguard::server {

inline Policy policy_for_fuzzing(identify::Settings identity = {}) {
  const auto rule = [](std::string name, rules::PartKind per, Limit limit) {
    rules::Rule made;
    made.name = std::move(name);
    made.per = {rules::Part{.kind = per}};
    made.limit = limit;
    return made;
  };
  std::vector<rules::Rule> rules;
  rules.push_back(rule("login", rules::PartKind::kIp, Limit::sliding_window_log(5, Duration::seconds(60)).value()));
  rules.push_back(rule("api", rules::PartKind::kRoute, Limit::token_bucket(20, Rate{.units = 100}).value()));
  rules.push_back(rule("slots", rules::PartKind::kGlobal, Limit::concurrency(5, Duration::seconds(60)).value()));
  return {.rules = rules::RuleSet::compile(std::move(rules)).value(),
          .identifier = identify::Identifier::create(std::move(identity)).value()};
}

}  // namespace rateguard::server

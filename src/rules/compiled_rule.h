// One rule made ready for matching.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/request_facts.h"
#include "model/subject.h"
#include "rules/rule.h"
#include "rules/rule_check.h"
#include "store/store.h"

namespace rateguard::rules {

// An address as an identity: its 16 bytes.
std::string_view bytes_of(const IpAddress& ip);

// A limit and the front of the keys of its counters: the rule's name and the algorithm, written once.
struct CompiledLimit {
  const Limit* limit = nullptr;  // null: unlimited
  std::string key_front = {};
};

// What a rule found out about one request.
struct Identified {
  enum class Result : uint8_t { kCounted, kSkipped, kRejected };
  Result result = Result::kCounted;
  std::string_view missing = {};  // where it is not counted
};

// Immutable after it is made. Borrows from the Rule, which outlives it.
class alignas(64) CompiledRule {
 public:
  // REQUIRES: check_rule(rule) succeeded. `methods` is the set of its methods, bit by bit (MethodTable); 0: any.
  CompiledRule(const Rule& rule, uint64_t methods);

  bool is_on() const { return rule_->mode != RuleMode::kOff; }
  Mode mode() const { return mode_; }
  OnStoreFailure on_failure() const { return on_failure_; }
  Consistency consistency() const { return consistency_; }
  StoreNumber store() const { return store_; }
  // What it counts by, without global, and how an answer names each.
  const std::vector<Part>& parts() const { return parts_; }
  const std::vector<std::string>& part_names() const { return part_names_; }

  bool counts_by_route() const { return counts_by_route_; }
  bool accepts_method(uint64_t method) const { return methods_ == 0 || (methods_ & method) != 0; }

  // The limit of a plan: the rule's own, or the plan's, or the default plan's; null where by_plan knows neither.
  const CompiledLimit* limit_for(std::string_view plan) const { return by_plan_ ? limit_of(plan) : &own_limit_; }

  // Appends the identity of the request's counter to `key`, part by part, or leaves `key` in an unspecified state.
  // `route` is how a rule that counts by route counts the path.
  Identified identify(const RequestFacts& facts, const Subject& subject, std::string_view route,
                      std::string& key) const;
  // What a request without a plan meets, where by_plan has no default.
  Identified without_plan() const;

 private:
  const CompiledLimit* limit_of(std::string_view plan) const;
  std::string_view value_of(size_t part, const RequestFacts& facts, const Subject& subject,
                            std::string_view route) const;
  Identified stand_in(size_t part, std::string_view value, const Subject& subject, std::string& key) const;

  // What every match reads, in one cache line.
  uint64_t methods_;
  std::array<PartKind, kPartsMax> part_kinds_ = {};
  uint8_t part_count_ = 0;
  Mode mode_;
  OnStoreFailure on_failure_;
  Consistency consistency_;
  StoreNumber store_;
  Missing missing_;
  bool by_plan_;
  bool counts_by_route_ = false;
  CompiledLimit own_limit_;

  std::vector<std::pair<std::string_view, CompiledLimit>> plans_;  // ordered by name
  const Rule* rule_;
  const CompiledLimit* default_plan_ = nullptr;
  std::vector<Part> parts_;
  std::vector<std::string> part_names_;
};

}  // namespace rateguard::rules

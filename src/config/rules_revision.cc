#include "config/rules_revision.h"

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "algorithm/calendar.h"
#include "rules/describe_match.h"

namespace rateguard::config {
namespace {

// FNV-1a (Fowler, Noll, Vo), 64 bits. Each field is added with its length, so that different lists of fields never look
// the same.
class Hash {
 public:
  void add(std::string_view text) {
    add(text.size());
    for (const char c : text) add_byte(static_cast<uint8_t>(c));
  }
  void add(std::integral auto value) {
    auto rest = static_cast<uint64_t>(value);
    for (int i = 0; i < 8; ++i, rest >>= 8) add_byte(static_cast<uint8_t>(rest & 0xFF));
  }
  template <typename T>
    requires std::is_enum_v<T>
  void add(T value) {
    add(static_cast<uint64_t>(value));
  }
  void add(const std::vector<std::string>& texts) {
    add(texts.size());
    for (const std::string& text : texts) add(std::string_view(text));
  }
  void add(const std::optional<Limit>& limit) {
    add(limit.has_value());
    if (!limit) return;
    add(to_string(limit->algorithm));
    add(limit->anchor);
    add(limit->capacity);
    add(limit->rate.units);
    add(limit->rate.period.us);
    add(std::string_view(algorithm::zone_name(limit->zone)));
  }
  uint64_t value() const { return value_; }

 private:
  void add_byte(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001B3; }
  uint64_t value_ = 0xCBF29CE484222325;
};

void add_prefixes(Hash& hash, const std::vector<IpPrefix>& prefixes) {
  hash.add(prefixes.size());
  for (const IpPrefix& prefix : prefixes) hash.add(std::string_view(rules::to_string(prefix)));
}

void add_match(Hash& hash, const rules::Match& match) {
  for (const auto* texts :
       {&match.methods, &match.hosts, &match.paths, &match.except.methods, &match.except.hosts, &match.except.paths}) {
    hash.add(*texts);
  }
  add_prefixes(hash, match.address.inside);
  add_prefixes(hash, match.address.outside);
  hash.add(match.values.size());
  for (const rules::ValueCondition& condition : match.values) {
    hash.add(std::string_view(condition.of.to_string()));
    hash.add(condition.kind);
    hash.add(condition.values);
  }
  hash.add(match.when.size());
  for (const rules::WeeklySpan& span : match.when) hash.add(std::string_view(span.to_string()));
}

void add_subjects(Hash& hash, const rules::SubjectLimits* named) {
  hash.add(named == nullptr ? size_t{0} : named->subjects.size());
  if (named == nullptr) return;
  for (const auto& [subject, limit] : named->subjects) {
    hash.add(std::string_view(subject));
    hash.add(named->limits[limit]);
  }
}

void add_cost(Hash& hash, const rules::RuleCost& cost) {
  hash.add(std::string_view(cost.header));
  hash.add(cost.header_max);
  hash.add(cost.units);
  hash.add(cost.by_path.size());
  for (const auto& [path, units] : cost.by_path) {
    hash.add(std::string_view(path));
    hash.add(units);
  }
  hash.add(cost.by_method.size());
  for (const auto& [method, units] : cost.by_method) {
    hash.add(std::string_view(method));
    hash.add(units);
  }
}

void add_rule(Hash& hash, const rules::Rule& rule) {
  hash.add(std::string_view(rule.name));
  add_match(hash, rule.match);
  hash.add(std::string_view(rule.group));
  hash.add(rule.prefixes.v4.value_or(0));
  hash.add(rule.prefixes.v6.value_or(0));
  hash.add(rule.per.size());
  for (const rules::Part& part : rule.per) hash.add(std::string_view(part.to_string()));
  hash.add(rule.limit);
  hash.add(rule.by_plan.size());
  for (const auto& [plan, limit] : rule.by_plan) {
    hash.add(std::string_view(plan));
    hash.add(limit);
  }
  hash.add(static_cast<uint8_t>(rule.unlimited));
  add_subjects(hash, rule.by_subject.get());
  add_cost(hash, rule.cost);
  hash.add(rule.missing);
  hash.add(rule.mode);
  hash.add(std::string_view(rule.store));
  hash.add(rule.on_store_failure);
  hash.add(rule.consistency);
}

}  // namespace

std::string rules_revision(std::span<const rules::Rule> rules) {
  Hash hash;
  hash.add(rules.size());
  for (const rules::Rule& rule : rules) add_rule(hash, rule);
  return fmt::format("{:016x}", hash.value());
}

}  // namespace rateguard::config

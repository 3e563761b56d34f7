#include "config/rules_revision.h"

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "algorithm/calendar.h"

namespace rateguard::config {
namespace {

// FNV-1a (Fowler, Noll, Vo), 64 bits. What is added says how long it is, so that no two lists of fields run together.
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

void add_rule(Hash& hash, const rules::Rule& rule) {
  hash.add(std::string_view(rule.name));
  hash.add(rule.match.methods);
  hash.add(rule.match.hosts);
  hash.add(rule.match.paths);
  hash.add(rule.per.size());
  for (const rules::Part& part : rule.per) hash.add(std::string_view(part.to_string()));
  hash.add(rule.limit);
  hash.add(rule.by_plan.size());
  for (const auto& [plan, limit] : rule.by_plan) {
    hash.add(std::string_view(plan));
    hash.add(limit);
  }
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

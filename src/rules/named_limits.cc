#include "rules/named_limits.h"

namespace rateguard::rules {

NamedLimits::NamedLimits(const Rule& rule) {
  for (const auto& limit : rule.by_subject->limits) limits_.push_back(compile_limit(rule.name, limit));
  const bool by_address = rule.per[*named_part(rule.per)].kind == PartKind::kIp;
  for (const auto& [name, limit] : rule.by_subject->subjects) {
    if (by_address) {
      const IpAddress whole = IpAddress::parse(name).value().masked_v6(128);  // as identify() has it
      names_.find_or_add(0, bytes_of(rule.prefixes.cut(whole)), limit);
    } else {
      names_.find_or_add(0, name, limit);
    }
  }
}

std::optional<size_t> named_part(const std::vector<Part>& per) {
  std::optional<size_t> named;
  for (size_t i = 0; i < per.size(); ++i) {
    if (per[i].kind == PartKind::kRoute || per[i].kind == PartKind::kGlobal) continue;
    if (named) return std::nullopt;
    named = i;
  }
  return named;
}

}  // namespace rateguard::rules

#include "simulate/subject_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "rules/describe_match.h"
#include "store/counter_key.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

using rules::PartKind;

constexpr size_t kPartCharsMax = 120;
// Enough of a key to recognise it by its prefix ("sk_live_"), too little to use it.
constexpr size_t kMaskedShown = 8;
constexpr size_t kMaskedLengthMin = 24;

// Takes the next length-prefixed part of a key (store/counter_key.h).
std::string_view take_part(std::string_view& key) {
  if (key.size() < 2) return {};
  const size_t size = static_cast<uint8_t>(key[0]) | static_cast<size_t>(static_cast<uint8_t>(key[1])) << 8;
  const std::string_view part = key.substr(2, size);
  key.remove_prefix(std::min(key.size(), 2 + size));
  return part;
}

std::string address_text(std::string_view bytes) {
  IpAddress address;
  if (bytes.size() != address.bytes.size()) return printable(bytes, kPartCharsMax);
  std::memcpy(address.bytes.data(), bytes.data(), bytes.size());
  return address.to_string();
}

std::string part_text(const rules::Part& part, std::string_view value, SubjectId id) {
  if (part.kind == PartKind::kIp) return address_text(value);
  if (!rules::is_secret(part)) return printable(value, kPartCharsMax);
  const std::string_view shown = value.size() >= kMaskedLengthMin ? value.substr(0, kMaskedShown) : std::string_view();
  return fmt::format("{} {}... (#{})", part.to_string(), printable(shown, kPartCharsMax), id + 1);
}

}  // namespace

void SubjectNames::match(uint32_t event) {
  const Event& recorded = recording_.events()[event];
  const RequestFacts facts = recording_.facts(recorded);
  const Policy& policy = scenario_.policy;
  const Instant time{recorded.time_us};
  policy.rules->match(facts, policy.identifier->identify(facts, time, scratch_), time, matches_);
}

std::string_view SubjectNames::counter_key(uint32_t event, rules::RuleId rule) {
  match(event);
  const auto found = std::ranges::find(matches_.limits(), rule, &rules::MatchedLimit::rule);
  RG_CHECK(found != matches_.limits().end());
  return found->key;
}

std::string SubjectNames::counter_name(const SubjectFigures& subject, rules::RuleId rule) {
  return subject_name(counter_key(subject.first_event, rule), scenario_.policy.rules->rules()[rule], subject.id);
}

std::string SubjectNames::caller(uint32_t event, rules::RuleId id) {
  std::string_view key = counter_key(event, id);
  key.remove_prefix(std::min<size_t>(key.size(), 2));  // its kind and its algorithm
  take_part(key);                                      // the rule's name
  std::string out;
  for (const rules::Part& part : scenario_.policy.rules->rules()[id].per) {
    if (part.kind == PartKind::kGlobal) continue;
    std::string_view value = take_part(key);
    const bool stands_in = value.empty();
    if (stands_in) value = take_part(key);
    if (part.kind == PartKind::kRoute) continue;
    CounterKey::append_part(out, stands_in ? std::string("ip") : part.to_string());
    CounterKey::append_part(out, value);
  }
  return out;
}

SubjectNames::Missing SubjectNames::missing_name(uint32_t event) {
  match(event);
  RG_CHECK(matches_.rejected_by().has_value());
  return {.rule = *matches_.rejected_by(), .name = fmt::format("requests without {}", matches_.missing_part())};
}

std::string subject_name(std::string_view key, const rules::Rule& rule, SubjectId id) {
  key.remove_prefix(std::min<size_t>(key.size(), 2));  // its kind and its algorithm
  take_part(key);                                      // the rule's name
  std::string out;
  for (const rules::Part& part : rule.per) {
    if (part.kind == PartKind::kGlobal) continue;
    if (!out.empty()) out += ' ';
    const std::string_view value = take_part(key);
    // An empty part says that an address stands in for what the request lacked (`missing: ip`).
    out += value.empty() ? fmt::format("{} (no {})", address_text(take_part(key)), part.to_string())
                         : part_text(part, value, id);
  }
  return out.empty() ? "everyone" : out;
}

}  // namespace rateguard::simulate

#include "simulate/subject_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "simulate/printable.h"
#include "store/counter_key.h"

namespace rateguard::simulate {
namespace {

using rules::PartKind;

constexpr size_t kSlotsAtStart = 64;
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

bool is_secret(const rules::Part& part) {
  if (part.kind == PartKind::kApiKey || part.kind == PartKind::kCookie) return true;
  if (part.kind != PartKind::kHeader) return false;
  constexpr std::array<std::string_view, 4> kSecrets = {"authorization", "x-api-key", "cookie", "proxy-authorization"};
  std::string name = part.name;
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return std::ranges::find(kSecrets, name) != kSecrets.end();
}

std::string address_text(std::string_view bytes) {
  IpAddress address;
  if (bytes.size() != address.bytes.size()) return printable(bytes, kPartCharsMax);
  std::memcpy(address.bytes.data(), bytes.data(), bytes.size());
  return address.to_string();
}

std::string part_text(const rules::Part& part, std::string_view value, SubjectId id) {
  if (part.kind == PartKind::kIp) return address_text(value);
  if (!is_secret(part)) return printable(value, kPartCharsMax);
  const std::string_view shown = value.size() >= kMaskedLengthMin ? value.substr(0, kMaskedShown) : std::string_view();
  return fmt::format("{} {}... (#{})", part.to_string(), printable(shown, kPartCharsMax), id + 1);
}

}  // namespace

SubjectTable::SubjectTable(size_t rules) : tables_(rules) {
  for (Table& table : tables_) table.slots.resize(kSlotsAtStart);
}

void SubjectTable::prefetch_place(const KeyedHash& hash, rules::RuleId rule) const {
  const Table& table = tables_[rule];
  __builtin_prefetch(&table.slots[hash.low & (table.slots.size() - 1)]);
}

void SubjectTable::prefetch_figures(const KeyedHash& hash, rules::RuleId rule) const {
  const Table& table = tables_[rule];
  const Slot slot = table.slots[hash.low & (table.slots.size() - 1)];  // nearly always the one
  if (slot.entry_plus_one != 0) __builtin_prefetch(&table.entries[slot.entry_plus_one - 1]);
}

SubjectTable::Sums& SubjectTable::find_or_add(const KeyedHash& hash, std::string_view key, rules::RuleId rule) {
  Table& table = tables_[rule];
  const size_t mask = table.slots.size() - 1;
  size_t at = hash.low & mask;
  for (; table.slots[at].entry_plus_one != 0; at = (at + 1) & mask) {
    if (table.slots[at].tag != tag_of(hash.low)) continue;
    Entry& entry = table.entries[table.slots[at].entry_plus_one - 1];
    if (entry.is_of(hash)) return entry.sums;
  }
  if ((table.entries.size() + 1) * 2 > table.slots.size()) {
    grow(table);
    return find_or_add(hash, key, rule);
  }
  table.entries.push_back(
      {.hash_low = hash.low, .hash_high = static_cast<uint32_t>(hash.high), .sums = {.id = size()}});
  table.slots[at] = {.tag = tag_of(hash.low), .entry_plus_one = static_cast<uint32_t>(table.entries.size())};
  keys_.push_back(key_bytes_.store(key));
  return table.entries.back().sums;
}

void SubjectTable::missing_key(std::string_view part, std::string_view rule_name, std::string& out) {
  out.assign({kMissingKind, '\0'});
  CounterKey::append_part(out, rule_name);
  CounterKey::append_part(out, part);
}

SubjectId SubjectTable::find(std::string_view key, rules::RuleId rule) const {
  const KeyedHash hash = keyed_hash(key);
  const Table& table = tables_[rule];
  for (size_t at = hash.low;; ++at) {
    const Slot slot = table.slots[at & (table.slots.size() - 1)];
    RG_CHECK(slot.entry_plus_one != 0);
    const Entry& entry = table.entries[slot.entry_plus_one - 1];
    if (entry.is_of(hash)) return entry.sums.id;
  }
}

HugePageVector<SubjectFigures> SubjectTable::figures() const {
  HugePageVector<SubjectFigures> out(keys_.size());
  for (size_t rule = 0; rule < tables_.size(); ++rule) {
    for (const Entry& entry : tables_[rule].entries) {
      const Sums& sums = entry.sums;
      out[sums.id] = {.id = sums.id,
                      .rule = static_cast<rules::RuleId>(rule),
                      .requests = sums.requests,
                      .refused = sums.refused,
                      .cost_admitted = sums.cost_admitted()};
    }
  }
  return out;
}

void SubjectTable::grow(Table& table) {
  HugePageVector<Slot> larger(table.slots.size() * 2);
  const size_t mask = larger.size() - 1;
  for (size_t i = 0; i < table.entries.size(); ++i) {
    const uint64_t hash = table.entries[i].hash_low;
    size_t at = hash & mask;
    while (larger[at].entry_plus_one != 0) at = (at + 1) & mask;
    larger[at] = {.tag = tag_of(hash), .entry_plus_one = static_cast<uint32_t>(i + 1)};
  }
  table.slots = std::move(larger);
}

std::string subject_name(std::string_view key, const rules::Rule& rule, SubjectId id) {
  const bool missing = key.starts_with(SubjectTable::kMissingKind);
  key.remove_prefix(std::min<size_t>(key.size(), 2));  // its kind and its algorithm
  take_part(key);                                      // the rule's name
  if (missing) return fmt::format("requests without {}", take_part(key));
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

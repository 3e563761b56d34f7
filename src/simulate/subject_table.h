// What a replay knows of every counter that it touched: exact, whatever their number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rule_set.h"
#include "simulate/arena.h"
#include "simulate/huge_pages.h"
#include "simulate/keyed_hash.h"

namespace rateguard::simulate {

using SubjectId = uint32_t;
inline constexpr SubjectId kNoSubject = UINT32_MAX;

// A rule's counter: one subject as one rule counts it. `refused` are the rule's own verdicts, in shadow mode those that
// would have been. 32 bits are enough: a recording has fewer requests than that.
struct SubjectFigures {
  SubjectId id = 0;
  rules::RuleId rule = 0;
  uint32_t requests = 0;
  uint32_t refused = 0;
  uint64_t cost_admitted = 0;
};

// A table for each rule, so that a rule with few counters finds them in the cache whatever the others have: an index of
// 8 bytes a slot, and the figures in the order of first sight. Keys are told apart by 96 bits of a keyed hash, as in
// the memory store. About 140 bytes per counter, its key included.
class SubjectTable {
 public:
  explicit SubjectTable(size_t rules);

  // Begin to bring to the processor's cache what find_or_add will want: first its place in the index; once that has
  // come, the figures that it leads to.
  void prefetch_place(const KeyedHash& hash, rules::RuleId rule) const;
  void prefetch_figures(const KeyedHash& hash, rules::RuleId rule) const;
  // What is added up of a counter.
  struct Sums {
    SubjectId id = 0;
    uint32_t requests = 0;
    uint32_t refused = 0;

    // 64 bits in two halves, so that an entry is half a cache line.
    void add_cost(uint32_t units) {
      cost_high += units > UINT32_MAX - cost_low;
      cost_low += units;
    }
    uint64_t cost_admitted() const { return uint64_t{cost_high} << 32 | cost_low; }
    uint32_t cost_low = 0;
    uint32_t cost_high = 0;
  };
  // The sums of a counter, by its key and keyed_hash(key); new ones where it was not seen before. The reference holds
  // until the next call.
  Sums& find_or_add(const KeyedHash& hash, std::string_view key, rules::RuleId rule);

  SubjectId size() const { return static_cast<SubjectId>(keys_.size()); }
  std::string_view key(SubjectId id) const { return keys_[id]; }
  bool is_counter(SubjectId id) const { return !keys_[id].starts_with(kMissingKind); }
  // The subject of a key that was seen. REQUIRES: it was.
  SubjectId find(std::string_view key, rules::RuleId rule) const;
  // Of every subject, by its id.
  HugePageVector<SubjectFigures> figures() const;

  // The first byte of what stands for no counter; the keys of counters begin otherwise (store/counter_key.h).
  static constexpr char kMissingKind = 'M';
  // The key of what stands for the requests that a rule refused because they lacked `part`, whoever they came from: no
  // counter, and no subject in the figures.
  static void missing_key(std::string_view part, std::string_view rule_name, std::string& out);

 private:
  struct Slot {
    uint32_t tag = 0;             // of the hash, so that hardly any other entry is looked at
    uint32_t entry_plus_one = 0;  // 0: empty
  };
  struct alignas(32) Entry {  // two to a cache line
    uint64_t hash_low = 0;
    uint32_t hash_high = 0;
    Sums sums = {};

    bool is_of(const KeyedHash& hash) const {
      return hash_low == hash.low && hash_high == static_cast<uint32_t>(hash.high);
    }
  };
  struct Table {
    HugePageVector<Slot> slots;  // a power of 2
    HugePageVector<Entry> entries;
  };

  static uint32_t tag_of(uint64_t hash_low) { return static_cast<uint32_t>(hash_low >> 32); }
  static void grow(Table& table);

  std::vector<Table> tables_;  // of the rules
  HugePageVector<std::string_view> keys_;
  Arena key_bytes_;
};

// The name of a counter's subject in reports: its parts as text, safe to print, joined by spaces; "everyone" for a
// global rule. API keys, cookies and other credentials are masked: their first characters and, so that two can be told
// apart, a number.
std::string subject_name(std::string_view key, const rules::Rule& rule, SubjectId id);

}  // namespace rateguard::simulate

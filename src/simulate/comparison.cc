#include "simulate/comparison.h"

#include <algorithm>

#include "base/check.h"

namespace rateguard::simulate {
namespace {

// Subjects with at least one change, by the number of theirs, then by first sight.
std::vector<SubjectChange> ranked(const std::vector<uint64_t>& counts) {
  std::vector<SubjectChange> out;
  for (SubjectId id = 0; id < counts.size(); ++id) {
    if (counts[id] > 0) out.push_back({.subject = id, .requests = counts[id]});
  }
  std::ranges::stable_sort(out, std::ranges::greater(), &SubjectChange::requests);
  return out;
}

void count(std::vector<uint64_t>& counts, SubjectId id) {
  if (id >= counts.size()) counts.resize(id + 1);
  ++counts[id];
}

}  // namespace

Changes compare(std::span<const SubjectId> before, std::span<const SubjectId> after) {
  RG_CHECK(before.size() == after.size());
  Changes changes;
  std::vector<uint64_t> refused;
  std::vector<uint64_t> admitted;
  for (size_t i = 0; i < before.size(); ++i) {
    const bool was_admitted = before[i] == kNoSubject;
    const bool is_admitted = after[i] == kNoSubject;
    if (was_admitted && !is_admitted) {
      ++changes.newly_refused;
      count(refused, after[i]);
    } else if (!was_admitted && is_admitted) {
      ++changes.newly_admitted;
      count(admitted, before[i]);
    }
  }
  changes.refused_subjects = ranked(refused);
  changes.admitted_subjects = ranked(admitted);
  return changes;
}

}  // namespace rateguard::simulate

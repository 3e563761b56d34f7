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

Changes compare(const AnswerLog& before, const AnswerLog& after) {
  const std::vector<SubjectId>& old_answers = before.answers();
  const std::vector<SubjectId>& new_answers = after.answers();
  RG_CHECK(old_answers.size() == new_answers.size());
  Changes changes;
  std::vector<uint64_t> refused;
  std::vector<uint64_t> admitted;
  for (size_t i = 0; i < old_answers.size(); ++i) {
    const bool was_admitted = old_answers[i] == kNoSubject;
    const bool is_admitted = new_answers[i] == kNoSubject;
    if (was_admitted && !is_admitted) {
      ++changes.newly_refused;
      count(refused, new_answers[i]);
    } else if (!was_admitted && is_admitted) {
      ++changes.newly_admitted;
      count(admitted, old_answers[i]);
    }
  }
  changes.refused_subjects = ranked(refused);
  changes.admitted_subjects = ranked(admitted);
  return changes;
}

}  // namespace rateguard::simulate

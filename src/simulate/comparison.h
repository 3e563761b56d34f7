// What another set of rules would change, and for whom.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "simulate/subject_table.h"

namespace rateguard::simulate {

// How many requests of a subject get a different answer.
struct SubjectChange {
  SubjectId subject = 0;
  uint64_t requests = 0;
};

struct Changes {
  uint64_t newly_refused = 0;
  uint64_t newly_admitted = 0;
  // Most requests first. Subjects of the rules that refuse: of the second replay for the newly refused, of the first
  // for the newly admitted.
  std::vector<SubjectChange> refused_subjects;
  std::vector<SubjectChange> admitted_subjects;
};

// `before` and `after` are the Statistics::answers() of two replays of the same events.
Changes compare(std::span<const SubjectId> before, std::span<const SubjectId> after);

}  // namespace rateguard::simulate

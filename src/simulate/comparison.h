// What another set of rules would change, and for whom.
#pragma once

#include <cstdint>
#include <vector>

#include "simulate/statistics.h"

namespace rateguard::simulate {

// The answers of a replay, one number an event: whom each was refused as, or that it was admitted.
class AnswerLog : public ReplayObserver {
 public:
  // `statistics` sees every decision before this does.
  AnswerLog(const Statistics& statistics, size_t events) : statistics_(statistics) { answers_.reserve(events); }

  void before(size_t, const Event&, Store&) override {}
  void decided(size_t, const Event&, const rules::Matches&, const Outcome&) override {
    answers_.push_back(statistics_.refuser());
  }

  const std::vector<SubjectId>& answers() const { return answers_; }

 private:
  const Statistics& statistics_;
  std::vector<SubjectId> answers_;
};

// How many requests of a subject are answered otherwise.
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

// REQUIRES: both are of the same events.
Changes compare(const AnswerLog& before, const AnswerLog& after);

}  // namespace rateguard::simulate

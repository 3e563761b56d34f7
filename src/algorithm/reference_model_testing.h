// The seven algorithms once more, slow and plain, for tests to compare with: no packed state, no shortcuts. Clear
// before quick, yet ten thousand calls over thousands of keys take well under a second.
#pragma once

#include <cstddef>
#include <memory>

#include "model/decision.h"
#include "model/instant.h"
#include "model/limit.h"

namespace rateguard::algorithm {

// One counter under one limit. Not thread-safe.
class ReferenceLimiter {
 public:
  // One algorithm: how much fits, and what a charge does.
  class Model;

  explicit ReferenceLimiter(const Limit& limit);
  ReferenceLimiter(ReferenceLimiter&&) noexcept;
  ReferenceLimiter& operator=(ReferenceLimiter&&) noexcept;
  ~ReferenceLimiter();

  // The decision; moves what it says. `hold` is never set. No bound on debt, and in a log it is exact.
  Decision decide(Cost cost, Instant now);
  // Concurrency: gives back the hold of the n-th admitted charge, counted from 0. False: released already, or over.
  bool release(size_t admission, Instant now);

 private:
  Decision report(Instant now) const;
  Decision take_whole(Cost cost, Instant now);

  Limit limit_;
  std::unique_ptr<Model> model_;
};

}  // namespace rateguard::algorithm

// The seven algorithms in a slow and obvious form, for tests to compare with: no packed state, no shortcuts. Still, ten
// thousand calls over thousands of keys take well under a second.
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

  // Decides, and charges accordingly. `hold` is never set. Debt has no bound, and is exact in a log.
  Decision decide(Cost cost, Instant now);
  // Concurrency: releases the hold of the n-th admitted charge, counted from 0. False: already released, or expired.
  bool release(size_t admission, Instant now);

 private:
  Decision report(Instant now) const;
  Decision take_whole(Cost cost, Instant now);

  Limit limit_;
  std::unique_ptr<Model> model_;
};

}  // namespace rateguard::algorithm

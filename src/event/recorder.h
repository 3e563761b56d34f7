// What was decided, told once to all that want to know: the seam that every decision of every front end and of the
// library passes.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "model/decision.h"
#include "model/instant.h"
#include "model/limit.h"
#include "store/store.h"

namespace rateguard::event {

// How a question came in.
enum class Door : uint8_t {
  kHttpCheck,   // POST /check
  kHttpBatch,   // POST /v1/check/batch, each of its checks
  kHttpAuthz,   // /v1/authz
  kHttpVerify,  // POST /v1/verify
  kEnvoyJson,   // POST /json, each of its descriptors
  kGrpc,        // ShouldRateLimit, each of its descriptors
  kResp,        // the Redis protocol
  kLibrary,
};
// "http_check"
std::string_view name_of(Door door);

// One limit of a decision, whether it was charged or not. Its views live as long as the decision's.
struct ChargedLimit {
  std::string_view rule = {};  // as in Decided
  std::string_view counter = {};
  const Limit* limit = nullptr;
  Mode mode = Mode::kEnforce;  // kShadow: its verdict had no say
  Verdict verdict = Verdict::kAdmitted;
  Basis basis =
      Basis::kCounter;  // what decided: the counter, this instance's share, or what the rule says without both
  int64_t asked = 0;    // units of the request's cost; negative: to be given back
  int64_t charged = 0;  // of them, those that the counter was charged with
  // Units in use before; a debt counts as a full counter. None: the counter was not asked, or its count is not known.
  std::optional<uint64_t> used_before = {};
};

// How much was in use before a decision on that cost, in units; negative: they were given back. What it has left is
// without the cost if it admits, also if another limit then held the charge back.
uint64_t used_before(const Decision& decision, int64_t cost);

// One decision. The views live for the call of record().
struct Decided {
  // The place among those that its recorder heard, from 1 on: where there is a gap, one was lost on its way from there.
  uint64_t sequence = 0;
  Door door = Door::kLibrary;
  Instant at;
  Verdict verdict = Verdict::kAdmitted;
  bool degraded = false;  // made without the counter of one of its limits, at least (on_store_failure)
  // The rule that decided, or the path of the descriptor's limit; empty: a limit that came with the question, or none
  // applies.
  std::string_view rule = {};
  std::string_view counter = {};  // the key of the deciding limit's counter; empty: none decided
  int64_t cost = 0;               // in units, of the deciding limit; negative: they are given back
  // Every limit that was asked, in the order of the rules; those in other stores that were not asked are left out.
  // Empty for a descriptor of Envoy's configuration, which is its only limit.
  std::span<const ChargedLimit> charges = {};
};

// Hears of each decision once, right after it was made. One per event loop, on its thread; the library's is called on
// any thread, by several at once. It must be quick: the caller waits for it.
class Recorder {
 public:
  Recorder() = default;
  virtual ~Recorder() = default;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // Numbers the decision and records it.
  void tell(Decided decided) {
    decided.sequence = told_.fetch_add(1, std::memory_order_relaxed) + 1;
    record(decided);
  }

 private:
  virtual void record(const Decided& decided) = 0;

  std::atomic<uint64_t> told_ = 0;
};

}  // namespace rateguard::event

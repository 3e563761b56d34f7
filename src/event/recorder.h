// What was decided, told once to whoever wants to know: the seam that every decision of every front end and of the
// library passes.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/decision.h"
#include "model/instant.h"

namespace rateguard::event {

// How a question came in.
enum class Door : uint8_t {
  kHttpCheck,  // POST /check
  kHttpBatch,  // POST /v1/check/batch, each of its checks
  kHttpAuthz,  // /v1/authz
  kEnvoyJson,  // POST /json, each of its descriptors
  kGrpc,       // ShouldRateLimit, each of its descriptors
  kResp,       // the Redis protocol
  kLibrary,
};
// "http_check"
std::string_view name_of(Door door);

// One decision. The views live for the call of record().
struct Decided {
  Door door = Door::kLibrary;
  Instant at;
  Verdict verdict = Verdict::kAdmitted;
  bool degraded = false;  // made without the counter of one of its limits, at least (on_store_failure)
  // The rule that decided, or the path of the descriptor's limit; empty: a limit that came with the question, or none
  // applies.
  std::string_view rule = {};
  std::string_view counter = {};  // the key of the deciding limit's counter; empty: none decided
  int64_t cost = 0;               // in units, of the deciding limit; negative: they are given back
};

// Hears of each decision once, right after it was made. One per event loop, on its thread; the library's is called on
// any thread, by several at once. It must be quick: whoever asked waits for it.
class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void record(const Decided& decided) = 0;
};

}  // namespace rateguard::event

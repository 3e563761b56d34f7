// POST /v1/release
#include "server/hold_text.h"
#include "server/http/routes.h"

namespace rateguard::http_api::answers {

void release(Call& call) {
  auto text = call.workspace.parser.parse_release(call.request.body);
  if (!text) return call.respond_problem(problem_of({std::move(text.error())}));
  HoldId hold;
  if (!server::parse_hold(*text, hold)) {
    return call.respond_problem(problem_of({{"hold", "expected the 40 hexadecimal digits that a check answered, not " +
                                                         describe({.kind = JsonKind::kString, .text = *text})}}));
  }
  const ReleaseResult result = call.workspace.store.release(hold, call.now);
  if (result == ReleaseResult::kUnavailable) {
    return call.respond_problem(
        {.status = 503,
         .detail = "the counters cannot be reached: whether the hold was given back nobody knows",
         .field = "store"},
        {{"Retry-After", "1"}});
  }
  if (result == ReleaseResult::kUnknown) {
    return call.respond_problem(
        {.status = 404, .detail = "no such hold: never given, released already, or expired", .field = "hold"});
  }
  call.respond_json(200, R"({"released":true})");
}

}  // namespace rateguard::http_api::answers

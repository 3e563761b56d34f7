// POST /v1/release
#include "server/hold_text.h"
#include "server/http/release.h"
#include "server/http/routes.h"

namespace rateguard::http_api {

bool release_hold(ApiCall& call, std::string_view text) {
  HoldId hold;
  if (!server::parse_hold(text, hold)) {
    call.respond_problem(problem_of({{"hold", "expected the 40 hexadecimal digits that a check answered, not " +
                                                  describe({.kind = JsonKind::kString, .text = text})}}));
    return false;
  }
  const ReleaseResult result = call.workspace.store.release(hold, call.now);
  if (result == ReleaseResult::kReleased) return true;
  if (result == ReleaseResult::kUnknown) {
    call.respond_problem(
        {.status = 404, .detail = "no such hold: never given, released already, or expired", .field = "hold"});
  } else {
    call.respond_problem({.status = 503,
                          .detail = "the counters cannot be reached: it is not known whether the hold was given back",
                          .field = "store"},
                         {{"Retry-After", "1"}});
  }
  return false;
}

void answers::release(ApiCall& call) {
  auto text = call.workspace.parser.parse_release(call.request.body);
  if (!text) return call.respond_problem(problem_of({std::move(text.error())}));
  if (release_hold(call, *text)) call.respond_json(200, R"({"released":true})");
}

}  // namespace rateguard::http_api

// POST /check
#include "event/recorder.h"
#include "server/http/decide.h"
#include "server/http/key_check.h"
#include "server/http/limit_headers.h"
#include "server/http/routes.h"

namespace rateguard::http_api::answers {

void check(ApiCall& call) {
  auto parsed = call.workspace.parser.parse_check(call.request.body);
  if (!parsed) return call.respond_problem(problem_of({std::move(parsed.error())}));
  CheckBody& body = **parsed;
  CheckForm form;
  if (!read_form(body, form)) return call.respond_problem(problem_of(std::move(body.errors)));

  CallerRoom room;
  if (auto* const asked = std::get_if<FactsCheck>(&form)) {
    if (!goes_on(call, look_up_key(call.workspace, asked->facts, room, call.now), room)) return;
  }
  call.workspace.decider.set_door(event::Door::kHttpCheck);
  const Explain explain = body.explain ? Explain::kYes : Explain::kNo;
  const auto answer = decide(call.workspace, form, explain, call.now);
  if (!answer) return call.respond_problem(answer.error());

  http::Responder& out = call.begin(status_of(*answer));
  write_limit_headers(out, *answer, call.workspace.service.settings.headers, call.workspace.scratch);
  call.workspace.body.clear();
  append_answer(call.workspace.body, *answer, explain);
  if (body.settle) append_charge_of(call.workspace.body, call.workspace.decider, 0, call.now);
  call.finish("application/json", call.workspace.body);
}

}  // namespace rateguard::http_api::answers

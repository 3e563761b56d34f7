// POST /v1/settle: what was charged as an estimate becomes what was really used.
#include <fmt/format.h>

#include <variant>

#include "server/charge_text.h"
#include "server/http/ad_hoc_limit.h"
#include "server/http/check_fields.h"
#include "server/http/decide.h"
#include "server/http/release.h"
#include "server/http/routes.h"
#include "text/append_all.h"

namespace rateguard::http_api {
namespace {

using std::string_view_literals::operator""sv;

// A charge that its caller wants settled, and the check that made it, without its cost.
struct SettleForm {
  std::string_view charge = {};
  uint64_t actual = 0;
  CheckForm check = {};
};

void refuse(CheckBody& body, Field field, std::string_view beside) {
  if (body.present.has(field)) body.fail(field_name(field), fmt::format("does not go with \"{}\"", beside));
}

// False: the body's `errors` say what is wrong.
bool read_settle_form(CheckBody& body, SettleForm& form) {
  for (const Field field : {Field::kCost, Field::kFacts, Field::kExplain, Field::kSettle})
    refuse(body, field, "charge");
  if (!body.present.has(Field::kCharge)) body.fail("charge", "missing; expected the text that the check answered");
  if (!body.present.has(Field::kActual)) body.fail("actual", "missing; expected the units that were really used");
  if (!body.errors.empty()) return false;
  const auto actual = read_units(body, Field::kActual, 0);
  form.charge = body.value(Field::kCharge).text;
  body.present = body.present.without({Field::kCharge, Field::kActual});
  if (!read_form(body, form.check) || !actual) return false;
  form.actual = *actual;
  return true;
}

// Adds the check, and names its counter by its index. The problem: an unknown rule, or a key that it cannot take.
std::expected<size_t, Problem> find_counter(Workspace& workspace, CheckForm& check) {
  workspace.decider.clear();
  if (const auto* ad_hoc = std::get_if<AdHocCheck>(&check)) return workspace.decider.add(*ad_hoc);
  RuleCheck& rule = std::get<RuleCheck>(check);
  rule.purpose = server::Purpose::kLook;
  const auto added = workspace.decider.add(rule);
  if (!added) return std::unexpected(lookup_problem(rule, workspace.decider.policy(), added.error()));
  return *added;
}

void refuse_malformed(ApiCall& call, std::string_view text) {
  call.respond_problem(problem_of(
      {{"charge", fmt::format("expected the {} hexadecimal digits that a check answered, "
                              "not {}",
                              server::kChargeTextSize, describe({.kind = JsonKind::kString, .text = text}))}}));
}

void refuse_unsigned(ApiCall& call) {
  call.respond_problem({.status = 404,
                        .detail = "this check has made no such charge: send the charge unaltered, and name the rule "
                                  "or the limit, the key and the plan as the check did",
                        .field = "charge"});
}

void answer_unreachable(ApiCall& call) {
  call.respond_problem({.status = 503,
                        .detail = "the counters cannot be reached: it is not known whether the charge was settled, and "
                                  "it is safe to settle it again",
                        .field = "store"},
                       {{"Retry-After", "1"}});
}

void answer_settled(ApiCall& call, const Settlement& settlement) {
  const Decision& left = settlement.decision;
  std::string& body = call.workspace.body;
  body.clear();
  append_all(body, "{\"settled\":true,\"repeated\":",
             settlement.result == SettleResult::kSettledAlready ? "true"sv : "false"sv, ",\"limit\":", left.limit,
             ",\"remaining\":", left.remaining,
             ",\"reset_after_ms\":", left.reset_after.is_never() ? 0 : left.reset_after.ceil_millis(), "}");
  call.respond_json(200, body);
}

void answer(ApiCall& call, const Settlement& settlement) {
  switch (settlement.result) {
    case SettleResult::kSettled:
    case SettleResult::kSettledAlready:
      return answer_settled(call, settlement);
    case SettleResult::kTooLate:
      return call.respond_problem({.status = 410,
                                   .detail = fmt::format("a charge can be settled for {} s, and this one is older: its "
                                                         "estimate stands",
                                                         kSettledWithin.ceil_seconds()),
                                   .field = "charge"});
    case SettleResult::kUnavailable:
      break;
  }
  answer_unreachable(call);
}

// {"hold":"...","actual":n}: whatever was used, the hold is given back.
void settle_hold(ApiCall& call, CheckBody& body) {
  FieldSet strange = body.present.without({Field::kHold, Field::kActual});
  for (; !strange.empty(); strange = strange.without({strange.first()})) refuse(body, strange.first(), "hold");
  if (body.errors.empty() && body.value(Field::kHold).kind != JsonKind::kString) {
    body.fail("hold", "expected the text of a hold, not " + describe(body.value(Field::kHold)));
  }
  if (!body.errors.empty()) return call.respond_problem(problem_of(std::move(body.errors)));
  if (release_hold(call, body.value(Field::kHold).text)) call.respond_json(200, R"({"settled":true,"repeated":false})");
}

}  // namespace

void answers::settle(ApiCall& call) {
  auto parsed = call.workspace.parser.parse_check(call.request.body);
  if (!parsed) return call.respond_problem(problem_of({std::move(parsed.error())}));
  CheckBody& body = **parsed;
  if (body.present.has(Field::kHold) && !body.present.has(Field::kAlgorithm)) return settle_hold(call, body);
  SettleForm form;
  if (!read_settle_form(body, form)) return call.respond_problem(problem_of(std::move(body.errors)));

  Workspace& workspace = call.workspace;
  const auto counter = find_counter(workspace, form.check);
  if (!counter) return call.respond_problem(counter.error());
  const server::DirectCheck& check = workspace.decider.direct(*counter);
  if (!server::is_charge_text(form.charge)) return refuse_malformed(call, form.charge);
  // The plan is another one than the check's, or an edit has made it unlimited: there is no counter to correct.
  if (!check.limit) return call.respond_json(200, R"({"settled":false,"repeated":false,"reason":"unlimited"})");
  const auto secret = workspace.decider.charge_secret(*counter);
  if (!secret) return answer_unreachable(call);
  ChargeReceipt receipt;
  if (server::parse_charge(form.charge, check.key, *secret, receipt) != server::ChargeText::kRead) {
    return refuse_unsigned(call);
  }
  answer(call, workspace.decider.settle(*counter, receipt, form.actual, call.now));
}

}  // namespace rateguard::http_api

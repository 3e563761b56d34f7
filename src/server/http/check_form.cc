#include "server/http/check_form.h"

#include <fmt/format.h>

#include <cstdint>

#include "model/json_number.h"
#include "server/http/ad_hoc_limit.h"
#include "server/http/check_fields.h"
#include "store/counter_key.h"

namespace rateguard::http_api {
namespace {

constexpr FieldSet kFactsFields = {Field::kMethod,    Field::kPath,   Field::kHost,      Field::kIp,
                                   Field::kUser,      Field::kApiKey, Field::kWorkspace, Field::kFactsPlan,
                                   Field::kFactsCost, Field::kHeaders};

// Which fields go with which form, besides those of a limit.
constexpr FieldSet kAdHocFields = {Field::kKey, Field::kAlgorithm, Field::kCost, Field::kExplain, Field::kSettle};
constexpr FieldSet kRuleFields = {Field::kRule, Field::kKey,     Field::kPlan,
                                  Field::kCost, Field::kExplain, Field::kSettle};
constexpr FieldSet kFactsForm = kFactsFields | FieldSet{Field::kFacts, Field::kCost, Field::kExplain};

void refuse_others(CheckBody& body, FieldSet form, std::string_view form_name) {
  FieldSet strange = body.present.without(form);
  while (!strange.empty()) {
    const Field field = strange.first();
    body.fail(field_name(field), fmt::format("does not go with \"{}\"", form_name));
    strange = strange.without({field});
  }
}

// "-5", "-5.0" and "-5e0" give units back. Empty if it is not such a number.
std::optional<Cost> read_negative_cost(std::string_view text) {
  const auto number = parse_json_number(text.substr(1));
  const auto units = number ? number->whole() : std::nullopt;
  if (!units || *units > kUnitsMax) return std::nullopt;
  return signed_cost(-static_cast<int64_t>(*units));
}

std::optional<Cost> read_cost(CheckBody& body, Field field) {
  if (!body.present.has(field)) return Cost{1};
  const std::string_view text = body.value(field).text;
  if (text.starts_with('-')) {
    if (const auto cost = read_negative_cost(text)) return cost;
  }
  const auto units = read_units(body, field, 0);
  return units ? std::optional(Cost{*units}) : std::nullopt;
}

bool check_key_size(CheckBody& body, std::string_view part) {
  if (!part.empty() && part.size() <= kSubjectPartMax) return true;
  body.fail("key", fmt::format("expected 1 to {} bytes, not {}", kSubjectPartMax, part.size()));
  return false;
}

bool read_ad_hoc(CheckBody& body, CheckForm& form) {
  if (!body.present.has(Field::kKey)) body.fail("key", "missing; expected a string");
  if (body.present.has(Field::kKey) && body.key_kind == JsonKind::kArray) {
    body.fail("key", "expected a string; only a rule by several things takes an array");
  }
  if (!body.errors.empty() || !check_key_size(body, body.key()[0])) return false;
  const auto limit = read_limit(body, kAdHocFields);
  const auto cost = read_cost(body, Field::kCost);
  if (!limit || !cost) return false;
  if (limit->algorithm == Algorithm::kConcurrency && cost->movement == Movement::kGiveBack) {
    body.fail("cost", "a hold is released by its id (POST /v1/release), not by a negative cost");
    return false;
  }
  form = AdHocCheck{.key = body.key()[0], .limit = *limit, .cost = *cost};
  return true;
}

bool read_rule(CheckBody& body, CheckForm& form) {
  refuse_others(body, kRuleFields, "rule");
  const auto cost = read_cost(body, Field::kCost);
  for (const std::string_view part : body.key()) check_key_size(body, part);
  if (!body.errors.empty() || !cost) return false;
  form = RuleCheck{.rule = body.value(Field::kRule).text,
                   .key = body.key(),
                   .plan = body.present.has(Field::kPlan) ? body.value(Field::kPlan).text : std::string_view(),
                   .cost = *cost};
  return true;
}

void read_ip(CheckBody& body, RequestFacts& facts) {
  const FieldValue& value = body.value(Field::kIp);
  facts.peer = IpAddress::parse(value.text);
  if (!facts.peer) body.fail("facts.ip", fmt::format("expected an IP address, not {}", describe(value)));
}

bool read_facts(CheckBody& body, CheckForm& form) {
  refuse_others(body, kFactsForm, "facts");
  RequestFacts facts;
  const auto take = [&](Field field, std::string_view& to) {
    if (body.present.has(field)) to = body.value(field).text;
  };
  take(Field::kMethod, facts.method);
  take(Field::kPath, facts.path);
  take(Field::kHost, facts.host);
  take(Field::kUser, facts.user);
  take(Field::kApiKey, facts.api_key);
  take(Field::kWorkspace, facts.workspace);
  take(Field::kFactsPlan, facts.plan);
  facts.headers = body.headers;
  if (body.present.has(Field::kIp)) read_ip(body, facts);
  const bool both = body.present.has(Field::kCost) && body.present.has(Field::kFactsCost);
  if (both) body.fail("cost", "given twice, as cost and as facts.cost");
  const auto cost = read_cost(body, body.present.has(Field::kCost) ? Field::kCost : Field::kFactsCost);
  if (!body.errors.empty() || !cost) return false;
  facts.cost = *cost;
  form = FactsCheck{.facts = facts};
  return true;
}

}  // namespace

bool read_form(CheckBody& body, CheckForm& form) {
  if (!body.errors.empty()) return false;
  if (body.present.has(Field::kFacts)) return read_facts(body, form);
  if (body.present.has(Field::kRule)) return read_rule(body, form);
  if (body.present.has(Field::kAlgorithm)) return read_ad_hoc(body, form);
  body.fail("algorithm", "missing; a check has an \"algorithm\" with its parameters, a \"rule\", or \"facts\"");
  return false;
}

}  // namespace rateguard::http_api

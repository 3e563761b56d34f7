// What a check asks for: a limit that it brings along, a configured rule, or every rule that matches some facts.
#pragma once

#include <variant>

#include "model/request_facts.h"
#include "server/check.h"
#include "server/http/check_body.h"

namespace rateguard::http_api {

using server::AdHocCheck;
using server::RuleCheck;

struct FactsCheck {
  RequestFacts facts;
};

// Points into the CheckBody that it was read from.
using CheckForm = std::variant<AdHocCheck, RuleCheck, FactsCheck>;

// Reads the form from the fields that are present. False: the body's `errors` say what is wrong.
bool read_form(CheckBody& body, CheckForm& form);

}  // namespace rateguard::http_api

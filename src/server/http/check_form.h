// What a check asks for: a limit that it brings along, a configured rule, or every rule that matches some facts.
#pragma once

#include <span>
#include <string_view>
#include <variant>

#include "model/limit.h"
#include "model/request_facts.h"
#include "server/http/check_body.h"

namespace rateguard::http {

struct AdHocCheck {
  std::string_view key;
  Limit limit;
  Cost cost;
};

struct RuleCheck {
  std::string_view rule;
  std::span<const std::string_view> key;
  std::string_view plan;
  Cost cost;
};

struct FactsCheck {
  RequestFacts facts;
};

// Points into the CheckBody that it was read from.
using CheckForm = std::variant<AdHocCheck, RuleCheck, FactsCheck>;

// Reads the form from the fields that are there. False: the body's `errors` say what is wrong.
bool read_form(CheckBody& body, CheckForm& form);

}  // namespace rateguard::http

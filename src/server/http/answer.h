// The answer to one check over HTTP: the decision body and its status.
#pragma once

#include <string>

#include "server/answer.h"
#include "server/check_desk.h"

namespace rateguard::http_api {

using server::Answer;
using server::AnswerLine;

int status_of(const Answer& answer);

enum class Explain : uint8_t { kNo, kYes };

// The decision body of POST /check.
void append_answer(std::string& out, const Answer& answer, Explain explain);
// What each limit says, as an array: `limits` of an explained answer.
void append_limits(std::string& out, const Answer& answer);
// Adds "charge" to the body that `out` ends with, by which the check at `index` of the desk, decided at `now`, is
// settled. Nothing is added where there is nothing to settle (CheckDesk::receipt), and for a hold, which is its own id.
void append_charge_of(std::string& out, const server::CheckDesk& desk, size_t index, Instant now);

}  // namespace rateguard::http_api

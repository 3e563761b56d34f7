// The answer to one check over HTTP: the decision body and its status.
#pragma once

#include <string>

#include "server/answer.h"

namespace rateguard::http_api {

using server::Answer;
using server::AnswerLine;

int status_of(const Answer& answer);

enum class Explain : uint8_t { kNo, kYes };

// The decision body of POST /check.
void append_answer(std::string& out, const Answer& answer, Explain explain);

}  // namespace rateguard::http_api

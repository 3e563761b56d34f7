// What an algorithm answers: the decision, and the state to store when it admits.
#pragma once

#include "algorithm/state.h"
#include "model/decision.h"
#include "model/limit.h"

namespace rateguard::algorithm {

struct Evaluation {
  Decision decision;
  State next;  // to be stored when the decision admits a cost above 0; equal to the given state otherwise
};

}  // namespace rateguard::algorithm

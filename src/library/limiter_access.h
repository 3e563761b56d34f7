// A Limiter whose decisions a recorder of the core's hears, which learns more of each than Options::on_decision.
#pragma once

#include <rateguard/limiter.h>

#include <memory>

#include "event/recorder.h"

namespace rateguard::api {

struct LimiterAccess {
  // As Limiter::create(). The recorder is called on any thread, by several at once; null: nobody listens. It hears
  // decisions in place of `options.on_decision`, which is not called.
  static Result<Limiter> create(const Options& options, std::unique_ptr<rateguard::event::Recorder> recorder);
};

}  // namespace rateguard::api

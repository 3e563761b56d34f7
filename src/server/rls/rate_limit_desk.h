// ShouldRateLimit with its metrics, for every wire format of the service.
#pragma once

#include <memory>

#include "base/result.h"
#include "envoy/decider.h"
#include "envoy/rate_limit.h"
#include "event/recorder.h"
#include "server/check_desk.h"
#include "server/decision_note.h"
#include "server/rls/rate_limit_service.h"

namespace rateguard::rls {

// Used on the thread of its service's loop; `service` outlives it. Nothing is allocated per request once its buffers
// have grown. If the store may have to be waited for, one task at a time uses it; any number of desks share the
// service.
class RateLimitDesk {
 public:
  explicit RateLimitDesk(RateLimitService& service);

  // Decides by the configuration in force when it begins, and counts. The response, and what it borrows, live until the
  // next call. Errors: as envoy::Decider::decide, and for kRulesDomain as RuleSet::lookup; the message is the text for
  // the caller.
  Result<const envoy::Response*> decide(const envoy::DescriptorRequest& request, Now now);

  // By which door come the requests from here on.
  void set_door(event::Door door) {
    door_ = door;
    rules_.set_door(door);
  }

  // What a line of the access log says of the last decision, once; nothing is noted where there is none.
  server::DecisionNote take_note();

  // Counts a request that was not decided because it could not be read.
  void note_error();

  // Whether the configuration that it last decided by is still in force; it keeps an old one in memory.
  bool is_current() const { return in_force_ == service_.in_force_; }

 private:
  void use_what_is_in_force();
  void record(const envoy::DescriptorRequest& request, const envoy::Response& response, Instant now);
  void tell_recorder(Instant now);
  // rule_checks.cc
  bool asks_for_rules(const envoy::DescriptorRequest& request) const;
  Result<const envoy::Response*> check_rules(const envoy::DescriptorRequest& request, Now now);
  void note(size_t descriptors, const envoy::Response& response);
  Result<void> add_rule_check(const envoy::Descriptor& descriptor, uint32_t hits_addend);

  RateLimitService& service_;
  event::Door door_ = event::Door::kGrpc;
  std::shared_ptr<const PolicyInForce> in_force_;
  envoy::Decider decider_;
  server::CheckDesk rules_;
  envoy::Response rules_response_;
  server::DecisionNote note_;  // of descriptors; rules_ has that of rules
};

}  // namespace rateguard::rls

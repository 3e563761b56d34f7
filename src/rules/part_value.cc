#include "rules/part_value.h"

#include "model/ascii.h"
#include "model/cookie.h"

namespace rateguard::rules {

std::string_view part_value(const Part& part, const RequestFacts& facts, const Subject& subject) {
  switch (part.kind) {
    case PartKind::kApiKey:
      return subject.api_key;
    case PartKind::kUser:
      return subject.user;
    case PartKind::kWorkspace:
      return subject.workspace;
    case PartKind::kPlan:
      return subject.plan;
    case PartKind::kHeader:
      return trim(find_header(facts.headers, part.name));
    case PartKind::kCookie:
      return find_cookie(facts.headers, part.name);
    case PartKind::kClaim:
      return subject.claim(part.name);
    case PartKind::kMember:
      return subject.caller != nullptr ? subject.caller->member : std::string_view();
    case PartKind::kTag:
      return subject.caller != nullptr ? subject.caller->tag(part.name) : std::string_view();
    case PartKind::kIp:
    case PartKind::kRoute:
    case PartKind::kGlobal:
      break;
  }
  return {};
}

}  // namespace rateguard::rules

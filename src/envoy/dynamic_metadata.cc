#include "envoy/dynamic_metadata.h"

#include <fmt/format.h>

#include "envoy/unit.h"

namespace rateguard::envoy {
namespace {

Value describe(const Descriptor& descriptor) {
  Value out = Value::structure();
  Value& entries = out.add("entries", Value::list());
  for (const Entry& entry : descriptor.entries) {
    entries.items.push_back(Value::of(fmt::format("{}={}", entry.key, entry.value)));
  }
  if (descriptor.limit) {
    out.add("limit", Value::of(fmt::format("requests_per_unit:{} unit:{}", descriptor.limit->requests_per_unit,
                                           to_string(descriptor.limit->unit))));
  }
  if (descriptor.is_negative_hits) out.add("isNegativeHits", Value::truth(true));
  if (descriptor.hits_addend) out.add("hitsAddend", Value::of(static_cast<double>(*descriptor.hits_addend)));
  return out;
}

}  // namespace

Value describe_request(const DescriptorRequest& request) {
  Value out = Value::structure();
  out.add("domain", Value::of(request.domain));
  Value& descriptors = out.add("descriptors", Value::list());
  for (const Descriptor& descriptor : request.descriptors) descriptors.items.push_back(describe(descriptor));
  if (request.hits_addend != 0) out.add("hitsAddend", Value::of(static_cast<double>(request.hits_addend)));
  return out;
}

}  // namespace rateguard::envoy

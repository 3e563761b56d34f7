#include "rules/compiled_limit.h"

#include "store/counter_key.h"

namespace rateguard::rules {

CompiledLimit compile_limit(std::string_view rule_name, const std::optional<Limit>& limit) {
  CompiledLimit compiled;
  if (!limit) return compiled;
  compiled.limit = &*limit;
  CounterKey::begin_rule(compiled.key_front, rule_name, limit->algorithm);
  return compiled;
}

std::string_view bytes_of(const IpAddress& ip) {
  return {reinterpret_cast<const char*>(ip.bytes.data()), ip.bytes.size()};
}

}  // namespace rateguard::rules

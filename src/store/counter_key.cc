#include "store/counter_key.h"

#include "base/check.h"

namespace rateguard {
namespace {

void begin(std::string& out, char kind, Algorithm algorithm) {
  out.clear();
  out.push_back(kind);
  out.push_back(static_cast<char>(algorithm));
}

}  // namespace

void CounterKey::begin_rule(std::string& out, std::string_view rule_name, Algorithm algorithm) {
  begin(out, 'R', algorithm);
  append_part(out, rule_name);
}

void CounterKey::begin_ad_hoc(std::string& out, Algorithm algorithm) {
  begin(out, 'A', algorithm);
}

void CounterKey::append_descriptor(std::string& out, std::string_view domain, Algorithm algorithm) {
  out.push_back('E');
  out.push_back(static_cast<char>(algorithm));
  append_part(out, domain);
}

void CounterKey::append_part(std::string& out, std::string_view part) {
  RG_CHECK(part.size() <= 0xFFFF);
  out.push_back(static_cast<char>(part.size() & 0xFF));
  out.push_back(static_cast<char>(part.size() >> 8));
  out.append(part);
}

}  // namespace rateguard

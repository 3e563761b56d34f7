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

void CounterKey::begin_settlement(std::string& out, std::string_view id) {
  begin(out, 'S', Algorithm::kFixedWindow);
  append_part(out, id);
}

void CounterKey::append_descriptor(std::string& out, std::string_view domain, Algorithm algorithm) {
  out.push_back('E');
  out.push_back(static_cast<char>(algorithm));
  append_part(out, domain);
}

void CounterKey::append_part(std::string& out, std::string_view part) {
  RG_CHECK(part.size() <= 0xFFFF);
  const size_t begin = out.size();
  const size_t end = begin + 2 + part.size();
  out.resize_and_overwrite(end, [&](char* bytes, size_t) {  // libstdc++ 12 passes the capacity as the size
    bytes[begin] = static_cast<char>(part.size() & 0xFF);
    bytes[begin + 1] = static_cast<char>(part.size() >> 8);
    part.copy(bytes + begin + 2, part.size());
    return end;
  });
}

}  // namespace rateguard

// Header fields about addresses: the first byte chooses whether the peer is trusted, the lines are fields, by turns
// X-Forwarded-For and Forwarded.
#include <algorithm>
#include <vector>

#include "base/check.h"
#include "identify/identify.h"
#include "model/cookie.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard;
  static const std::vector<IpPrefix> trusted = {IpPrefix::parse("10.0.0.0/8").value(),
                                                IpPrefix::parse("2001:db8::/32").value()};
  static const IpAddress proxy = IpAddress::parse("10.0.0.1").value();
  static const IpAddress stranger = IpAddress::parse("192.0.2.1").value();
  if (size == 0) return 0;

  std::vector<Header> headers;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (!rest.empty() && headers.size() < 100) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    headers.push_back({.name = headers.size() % 2 == 0 ? "X-Forwarded-For" : "Forwarded", .value = line});
  }
  RequestFacts facts = {.peer = stranger, .headers = headers};
  RG_CHECK(identify::client_address(facts, trusted) == stranger);

  // What a proxy adds in a field of its own stands, whatever came before it.
  facts.peer = proxy;
  RG_CHECK(identify::client_address(facts, trusted).has_value());
  headers.push_back({.name = "X-Forwarded-For", .value = "192.0.2.1"});
  headers.push_back({.name = "Forwarded", .value = "for=192.0.2.1"});
  facts.headers = headers;
  RG_CHECK(identify::client_address(facts, trusted) == stranger);

  for (Header& header : headers) header.name = "Cookie";
  (void)find_cookie(headers, "session");
  return 0;
}

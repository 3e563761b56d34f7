// PROXY protocol headers: an answer never changes as more bytes arrive, and never reaches beyond them.
#include "base/check.h"
#include "identify/proxy_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rateguard::identify;
  const auto whole = parse_proxy_header({data, size});
  if (whole && *whole) {
    const size_t length = (*whole)->length;
    RG_CHECK(length <= size && length <= kProxyHeaderMax);
    const auto exact = parse_proxy_header({data, length});
    RG_CHECK(exact && *exact && (*exact)->source == (*whole)->source);
    const auto shorter = parse_proxy_header({data, length - 1});
    RG_CHECK(shorter && !*shorter);
  } else if (whole) {
    RG_CHECK(size < kProxyHeaderMax);
  }
  return 0;
}

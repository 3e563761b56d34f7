// RG_CHECK: an invariant that holds in every build; a broken one ends the process and names its place, since continuing
// would mean deciding wrongly. RG_DCHECK: the same, compiled out with NDEBUG, for hot paths.
#pragma once

namespace rateguard {

[[noreturn]] void check_failed(const char* file, int line, const char* expression);

}  // namespace rateguard

#define RG_CHECK(expression) \
  (static_cast<bool>(expression) ? void(0) : ::rateguard::check_failed(__FILE__, __LINE__, #expression))

#ifdef NDEBUG
#define RG_DCHECK(expression) void(0)
#else
#define RG_DCHECK(expression) RG_CHECK(expression)
#endif

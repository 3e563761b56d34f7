// The route of a request, as a rule could name it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rateguard::suggest {

enum class MethodKind : uint8_t {
  kRead,   // GET, HEAD, OPTIONS, and requests whose method is not known
  kWrite,  // every other method
};
MethodKind method_kind(std::string_view method);

// A pattern of rules/path_pattern.h that fits `path`, written to `out` (empty if there is none). A read's route is the
// part of the site, "/blog/*" or "/api/v1/items/*", or the path itself if nothing is below it; a write's is the whole
// path. Segments that look like ids (numbers, UUIDs, long hexadecimal or random words) become "{id}".
void route_of(MethodKind kind, std::string_view path, std::string& out);

// Whether a write to this path checks a secret, which an attacker may want to guess: log in, sign up, tokens,
// passwords.
bool is_login_like(std::string_view path);

// Whether a path ends like a static file: styles, scripts, pictures, fonts.
bool is_static_file(std::string_view path);

}  // namespace rateguard::suggest

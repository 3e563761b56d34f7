// Paths as other routers and proxies write them: "/users/:id", "/users/<int:id>", "^/users/[0-9]+$", "/static/**".
// Compared letter by letter they would match nothing, so a rule that has one is refused with what to write instead.
#pragma once

#include <string>
#include <string_view>

namespace rateguard::rules {

// What is wrong with the spelling of a path and what to write; empty where it is none of another tool's.
// What really is part of a path ("/:id", letter by letter) can be percent-encoded: "/%3Aid".
std::string foreign_spelling(std::string_view path);

}  // namespace rateguard::rules

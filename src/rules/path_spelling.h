// Paths as other routers and proxies write them: "/users/:id", "/users/<int:id>", "^/users/[0-9]+$", "/static/**".
// Compared letter by letter they would match nothing, so a rule with one is refused with a message that says what to
// write instead.
#pragma once

#include <string>
#include <string_view>

namespace rateguard::rules {

// What is wrong with the spelling of a path and what to write; empty if it is not another tool's. Characters that
// really are part of a path ("/:id", literally) can be percent-encoded: "/%3Aid".
std::string foreign_spelling(std::string_view path);

}  // namespace rateguard::rules

// The pieces of Lua that scripts.cc puts together: files in lua/, which become part of the program when it is built
// (cmake/RgEmbed.cmake).
#pragma once

#include <string_view>

namespace rateguard::peers {

extern const std::string_view kLuaPrelude;  // the time, and when the count of messages began
extern const std::string_view kLuaBeat;     // registers an instance and lists all; needs kLuaPrelude
extern const std::string_view kLuaLeave;    // removes an instance; needs no other piece
extern const std::string_view kLuaTell;     // counts and publishes a message; needs kLuaPrelude

}  // namespace rateguard::peers

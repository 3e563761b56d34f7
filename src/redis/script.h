// A Lua script, the name under which a server knows it, and the kind of its replies.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "redis/reply.h"

namespace rateguard::redis {

class Script {
 public:
  // The source is the pieces one after the other. `answers`: the kind of every reply that is not an error.
  Script(std::initializer_list<std::string_view> pieces, ReplyKind answers);

  const std::string& source() const { return source_; }
  // What EVALSHA takes: SHA-1 of the source, in lower-case hexadecimal.
  const std::string& sha() const { return sha_; }
  ReplyKind answers() const { return answers_; }

 private:
  std::string source_;
  std::string sha_;
  ReplyKind answers_;
};

}  // namespace rateguard::redis

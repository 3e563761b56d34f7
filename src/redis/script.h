// A Lua script, the name under which a server knows it, and the kind of its replies.
#pragma once

#include <string>

#include "redis/reply.h"

namespace rateguard::redis {

class Script {
 public:
  // `answers`: the kind of every reply that is no error.
  Script(std::string source, ReplyKind answers);

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

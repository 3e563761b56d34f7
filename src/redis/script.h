// A Lua script and the name under which a server knows it.
#pragma once

#include <string>

namespace rateguard::redis {

class Script {
 public:
  explicit Script(std::string source);

  const std::string& source() const { return source_; }
  // What EVALSHA takes: SHA-1 of the source, in lower-case hexadecimal.
  const std::string& sha() const { return sha_; }

 private:
  std::string source_;
  std::string sha_;
};

}  // namespace rateguard::redis

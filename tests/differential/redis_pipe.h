// Commands to a Redis and its replies, one after the other or many at once.
#pragma once

#include <hiredis/hiredis.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis/charge_call.h"

namespace rateguard::test {

using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

// The text of a reply that is one (a string, a status or an error); else empty.
std::string_view text_of(const Reply& reply);
bool is_error(const Reply& reply);

// One connection, with the scripts loaded. Not thread-safe.
class RedisPipe {
 public:
  explicit RedisPipe(const std::string& path);

  void send(const std::vector<std::string_view>& parts);
  void send(const redis_store::ScriptCall& call);
  // The reply to the oldest command that has none yet.
  Reply receive();
  Reply ask(std::initializer_list<std::string_view> parts);
  Reply ask(const redis_store::ScriptCall& call);

 private:
  std::unique_ptr<redisContext, decltype(&redisFree)> context_;
  std::vector<std::string_view> parts_;
};

}  // namespace rateguard::test

#include "differential/redis_pipe.h"

#include <gtest/gtest.h>

#include <cstddef>

namespace rateguard::test {

std::string_view text_of(const Reply& reply) {
  if (reply == nullptr || reply->str == nullptr) return {};
  return {reply->str, static_cast<size_t>(reply->len)};
}

bool is_error(const Reply& reply) {
  return reply == nullptr || reply->type == REDIS_REPLY_ERROR;
}

RedisPipe::RedisPipe(const std::string& path) : context_(redisConnectUnix(path.c_str()), &redisFree) {
  EXPECT_EQ(context_->err, 0) << context_->errstr;
  for (const redis_store::Script* script : redis_store::every_script()) {
    const Reply loaded = ask({"SCRIPT", "LOAD", script->source()});
    EXPECT_EQ(text_of(loaded), script->sha()) << "the name of a script is not what Redis calls it";
  }
}

void RedisPipe::send(const std::vector<std::string_view>& parts) {
  std::vector<const char*> data;
  std::vector<size_t> sizes;
  for (const std::string_view part : parts) {
    data.push_back(part.data());
    sizes.push_back(part.size());
  }
  EXPECT_EQ(redisAppendCommandArgv(context_.get(), static_cast<int>(data.size()), data.data(), sizes.data()), REDIS_OK);
}

void RedisPipe::send(const redis_store::ScriptCall& call) {
  const std::string keys = std::to_string(call.keys());
  parts_.assign({"EVALSHA", call.script().sha(), keys});
  for (size_t i = 0; i < call.keys(); ++i) parts_.push_back(call.key(i));
  for (size_t i = 0; i < call.arguments(); ++i) parts_.push_back(call.argument(i));
  send(parts_);
}

Reply RedisPipe::receive() {
  void* reply = nullptr;
  EXPECT_EQ(redisGetReply(context_.get(), &reply), REDIS_OK) << context_->errstr;
  return {static_cast<redisReply*>(reply), &freeReplyObject};
}

Reply RedisPipe::ask(std::initializer_list<std::string_view> parts) {
  send(std::vector<std::string_view>(parts));
  return receive();
}

Reply RedisPipe::ask(const redis_store::ScriptCall& call) {
  send(call);
  return receive();
}

}  // namespace rateguard::test

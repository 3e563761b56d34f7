#include "redis/reply.h"

#include <fmt/format.h>
#include <hiredis/read.h>

#include <algorithm>

#include "base/check.h"

namespace rateguard::redis {
namespace {

// An array's header promises a count; memory for this many is taken immediately and for more as they arrive, so that a
// promise alone costs nothing.
constexpr int kReservedElementsMax = 64;

// Where the value goes: into its array, or into the root. Growing an array moves only complete elements.
Reply* place_for(const redisReadTask* task) {
  if (task->parent != nullptr) return &static_cast<Reply*>(task->parent->obj)->elements.emplace_back();
  auto* const root = static_cast<Reply*>(task->privdata);
  root->integer = 0;
  root->text.clear();
  root->elements.clear();
  return root;
}

ReplyKind kind_of(int type) {
  if (type == REDIS_REPLY_ERROR) return ReplyKind::kError;
  return type == REDIS_REPLY_STATUS ? ReplyKind::kStatus : ReplyKind::kString;
}

void* create_string(const redisReadTask* task, char* text, size_t size) {
  Reply* const reply = place_for(task);
  reply->kind = kind_of(task->type);
  reply->text.assign(text, size);
  return reply;
}

void* create_array(const redisReadTask* task, int count) {
  Reply* const reply = place_for(task);
  reply->kind = ReplyKind::kArray;
  reply->elements.reserve(static_cast<size_t>(std::clamp(count, 0, kReservedElementsMax)));
  return reply;
}

void* create_integer(const redisReadTask* task, long long value) {
  Reply* const reply = place_for(task);
  reply->kind = ReplyKind::kInteger;
  reply->integer = value;
  return reply;
}

void* create_nil(const redisReadTask* task) {
  Reply* const reply = place_for(task);
  reply->kind = ReplyKind::kNil;
  return reply;
}

void free_nothing(void*) {}  // the root owns all

redisReplyObjectFunctions functions = {create_string, create_array, create_integer, create_nil, free_nothing};

}  // namespace

void ReplyReader::Free::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

ReplyReader::ReplyReader(size_t reply_bytes_max)
    : reader_(redisReaderCreateWithFunctions(&functions)),
      root_(std::make_unique<Reply>()),
      reply_bytes_max_(reply_bytes_max) {
  RG_CHECK(reader_ != nullptr);
  reader_->privdata = root_.get();
}

ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
  redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
  unfinished_bytes_ += bytes.size();
}

Result<const Reply*> ReplyReader::next() {
  void* reply = nullptr;
  if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
    return fail(ErrorCode::kCorrupt, fmt::format("the server does not speak Redis's protocol: {}", reader_->errstr));
  }
  if (reply != nullptr) {
    unfinished_bytes_ = reader_->len - reader_->pos;
    return static_cast<const Reply*>(reply);
  }
  if (unfinished_bytes_ > reply_bytes_max_) {
    return fail(ErrorCode::kCorrupt, fmt::format("a reply is larger than {} bytes", reply_bytes_max_));
  }
  return nullptr;
}

}  // namespace rateguard::redis

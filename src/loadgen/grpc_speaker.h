// gRPC over HTTP/2 (grpc.io, PROTOCOL-HTTP2): RateLimitService/ShouldRateLimit, a stream for each question.
#pragma once

#include <map>

#include "loadgen/speaker.h"

struct nghttp2_session;

namespace rateguard::loadgen {

class GrpcSpeaker final : public Speaker {
 public:
  explicit GrpcSpeaker(const Plan& plan);
  ~GrpcSpeaker() override;
  GrpcSpeaker(const GrpcSpeaker&) = delete;
  GrpcSpeaker& operator=(const GrpcSpeaker&) = delete;

  void open(std::string& out) override;
  void ask(const Question& question, Ticket ticket, std::string& out) override;
  std::expected<void, std::string> hear(std::string_view bytes, std::vector<QuestionResult>& answers,
                                        std::string& out) override;
  bool may_end() const override { return going_away_ && streams_.empty(); }

 private:
  struct Stream {
    Ticket ticket = 0;
    std::string request = {};  // the unsent rest
    std::string status = {};
    std::string grpc_status = {};
    std::string grpc_message = {};
    std::string answer = {};
  };
  struct Callbacks;

  void finish(int32_t id, uint32_t error_code);
  void drain(std::string& out);

  std::string domain_;
  std::string descriptor_;
  std::string authority_;
  std::string authorization_;  // empty: not sent
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Stream> streams_;
  std::vector<QuestionResult>* answers_ = nullptr;  // of hear(), while it runs
  bool going_away_ = false;
};

// The verdict in a RateLimitResponse after gRPC's five bytes: 1 is OK, 2 is OVER_LIMIT, 0 if it has none.
uint64_t overall_code(std::string_view framed);

}  // namespace rateguard::loadgen

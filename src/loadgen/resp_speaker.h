// The Redis protocol, pipelined.
#pragma once

#include "loadgen/speaker.h"

namespace rateguard::loadgen {

class RespSpeaker final : public Speaker {
 public:
  explicit RespSpeaker(const Plan& plan);

  void open(std::string& out) override;
  void ask(const Question& question, Ticket ticket, std::string& out) override;
  std::expected<void, std::string> hear(std::string_view bytes, std::vector<QuestionResult>& answers,
                                        std::string& out) override;

 private:
  // How a command's answer says that it refuses.
  enum class Verdict : uint8_t {
    kNone,          // the command decides nothing
    kOneIsRefused,  // CL.THROTTLE
    kOneIsAllowed,  // THROTTLE, RG.CHECK
  };
  static Verdict verdict_of(std::string_view command);

  std::vector<TextTemplate> words_;
  std::vector<TextTemplate> refused_words_;
  Verdict verdict_;
  std::string token_;
  bool authenticating_ = false;  // the next reply is AUTH's
  TicketQueue tickets_;
  std::string rendered_;
  std::string waiting_;
};

}  // namespace rateguard::loadgen

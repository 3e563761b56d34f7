// Leaves out of a stream of OpenAI's chat completions the one chunk that tells the usage, where only the gateway asked
// for it: an event with figures of usage and no choices. Everything else passes byte by byte.
#pragma once

#include <string>
#include <string_view>

#include "usage/event_splitter.h"
#include "usage/json_walker.h"

namespace rateguard::usage {

class UsageChunkFilter final : private EventData, private JsonVisitor {
 public:
  // Appends to `out` what passes of the next bytes. An event waits for its end, which upstreams send in the same write;
  // one of more than kEventBytesMax passes at once.
  void read(std::string_view bytes, std::string& out);
  // No more bytes come: what waits passes.
  void finish(std::string& out);

  static constexpr size_t kEventBytesMax = 16'384;

 private:
  void event_ended(std::string& out);
  void data_piece(std::string_view piece) override { (void)walker_.read(piece); }
  void array_begins(std::string_view place) override;
  void object_begins(std::string_view place) override;

  EventSplitter events_;
  JsonWalker walker_{*this};
  std::string waiting_;  // of the event that is being read
  bool passes_ = false;  // it is too long to wait
  bool has_choices_ = false;
  bool has_empty_choices_ = false;
  bool has_usage_ = false;
};

}  // namespace rateguard::usage

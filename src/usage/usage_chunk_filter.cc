#include "usage/usage_chunk_filter.h"

#include <utility>

namespace rateguard::usage {

void UsageChunkFilter::read(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    const EventSplitter::Step step = events_.read(bytes, *this);
    waiting_ += bytes.substr(0, step.consumed);
    bytes.remove_prefix(step.consumed);
    if (step.event_over) {
      event_ended(out);
    } else if (passes_ || waiting_.size() > kEventBytesMax) {
      passes_ = true;
      finish(out);
    }
  }
}

void UsageChunkFilter::finish(std::string& out) {
  out += waiting_;
  waiting_.clear();
}

void UsageChunkFilter::event_ended(std::string& out) {
  const bool is_ours = !std::exchange(passes_, false) && has_usage_ && has_empty_choices_ && !has_choices_;
  if (is_ours) waiting_.clear();
  finish(out);
  walker_.reset();
  has_choices_ = has_empty_choices_ = has_usage_ = false;
}

void UsageChunkFilter::array_begins(std::string_view place) {
  if (place == "choices") has_empty_choices_ = true;
}

void UsageChunkFilter::object_begins(std::string_view place) {
  if (place == "choices[]") has_choices_ = true;
  if (place == "usage") has_usage_ = true;
}

}  // namespace rateguard::usage

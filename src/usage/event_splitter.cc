#include "usage/event_splitter.h"

#include <algorithm>
#include <utility>

namespace rateguard::usage {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// The longest name of a field that matters, "data" or "event", and one more to tell longer ones apart.
constexpr size_t kFieldBytesMax = 6;

}  // namespace

EventSplitter::Step EventSplitter::read(std::string_view bytes, EventData& data) {
  size_t at = 0;
  while (at < bytes.size()) {
    const char byte = bytes[at];
    if (std::exchange(after_cr_, false) && byte == '\n') {
      ++at;
      continue;
    }
    if (std::exchange(event_is_over_, false)) begin_event();
    if (part_ == Part::kByteOrderMark) {
      const bool goes_on = byte == kByteOrderMark[field_name_.size()];
      if (goes_on) {
        field_name_ += byte;
        ++at;
        if (field_name_.size() == kByteOrderMark.size()) {
          field_name_.clear();
          part_ = Part::kLineStart;
        }
        continue;
      }
      // No mark after all: what looked like one begins a field that is not known.
      part_ = field_name_.empty() ? Part::kLineStart : Part::kField;
    }
    if (byte == '\n' || byte == '\r') {
      after_cr_ = byte == '\r';
      ++at;
      if (end_line(data)) return {at, true};
      continue;
    }
    switch (part_) {
      case Part::kByteOrderMark:
        break;
      case Part::kLineStart:
        field_name_.clear();
        part_ = byte == ':' ? Part::kIgnored : Part::kField;
        break;
      case Part::kField:
        if (byte == ':') {
          ++at;
          begin_value(data);
          part_ = field_ == Field::kOther ? Part::kIgnored : Part::kSpace;
        } else {
          if (field_name_.size() < kFieldBytesMax) field_name_ += byte;
          ++at;
        }
        break;
      case Part::kSpace:
        if (byte == ' ') ++at;
        part_ = Part::kValue;
        break;
      case Part::kValue:
      case Part::kIgnored: {
        const size_t end = std::min(bytes.find_first_of("\r\n", at), bytes.size());
        if (part_ == Part::kValue) value_piece(bytes.substr(at, end - at), data);
        at = end;
        break;
      }
    }
  }
  return {at, false};
}

void EventSplitter::begin_event() {
  name_.clear();
  has_data_ = false;
}

void EventSplitter::begin_value(EventData& data) {
  field_ = field_name_ == "data" ? Field::kData : field_name_ == "event" ? Field::kName : Field::kOther;
  if (field_ == Field::kName) name_.clear();
  if (field_ == Field::kData && std::exchange(has_data_, true)) data.data_piece("\n");
}

void EventSplitter::value_piece(std::string_view piece, EventData& data) {
  if (field_ == Field::kData && !piece.empty()) data.data_piece(piece);
  if (field_ == Field::kName) name_ += piece.substr(0, kNameBytesMax - std::min(kNameBytesMax, name_.size()));
}

bool EventSplitter::end_line(EventData& data) {
  const Part ended = std::exchange(part_, Part::kLineStart);
  if (ended == Part::kField) begin_value(data);  // a field without a colon: its value is empty
  event_is_over_ = ended == Part::kLineStart;
  return event_is_over_;
}

}  // namespace rateguard::usage

// Server-sent events, split as the HTML standard says ("Server-sent events", 9.2.6): lines end with LF, CRLF or CR, an
// empty line ends an event, a line that begins with a colon is a comment, and several lines of data are one, joined by
// LF. Bytes may come in pieces of any size; nothing of an event is kept but its name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rateguard::usage {

// Hears the data of events. The views are valid during the call.
class EventData {
 public:
  virtual ~EventData() = default;
  // More of the data of the event that is being read.
  virtual void data_piece(std::string_view piece) = 0;
};

class EventSplitter {
 public:
  struct Step {
    size_t consumed = 0;      // of the bytes given
    bool event_over = false;  // an empty line came; has_data() and name() are those of the event before it
  };

  // Reads to the end of an event or of `bytes`. A CR that ends the event may be followed by its LF in the next bytes.
  Step read(std::string_view bytes, EventData& data);

  // Of the event that is being read or has just ended: "message_stop". Empty: it has none. Cut at kNameBytesMax.
  std::string_view name() const { return name_; }
  // Events without data are not dispatched.
  bool has_data() const { return has_data_; }

  static constexpr size_t kNameBytesMax = 64;

 private:
  enum class Part : uint8_t { kByteOrderMark, kLineStart, kField, kSpace, kValue, kIgnored };
  enum class Field : uint8_t { kData, kName, kOther };

  void begin_event();
  void begin_value(EventData& data);
  void value_piece(std::string_view piece, EventData& data);
  // True if the line was empty.
  bool end_line(EventData& data);

  Part part_ = Part::kByteOrderMark;
  Field field_ = Field::kOther;
  bool after_cr_ = false;
  bool event_is_over_ = false;  // the next byte begins another
  bool has_data_ = false;
  std::string field_name_;  // as much of it as tells the fields apart
  std::string name_;
};

}  // namespace rateguard::usage

#include "usage/json_walker.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/system/error_code.hpp>
#include <vector>

namespace rateguard::usage {
namespace {

namespace json = boost::json;
using boost::system::error_code;

constexpr size_t kPlaceBytesMax = 256;
constexpr size_t kNumberBytesMax = 64;

json::parse_options options() {
  json::parse_options options;
  options.max_depth = JsonWalker::kDepthMax;
  return options;
}

}  // namespace

struct JsonWalker::Parser {
  // What Boost's parser calls, turned into places and values.
  class PlaceKeeper {
   public:
    static constexpr size_t max_object_size = static_cast<size_t>(-1);
    static constexpr size_t max_array_size = static_cast<size_t>(-1);
    static constexpr size_t max_key_size = static_cast<size_t>(-1);
    static constexpr size_t max_string_size = static_cast<size_t>(-1);

    explicit PlaceKeeper(JsonVisitor& visitor) : visitor_(visitor) {}

    void forget() {
      place_.clear();
      lengths_.clear();
      key_.clear();
      number_.clear();
    }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) {
      visitor_.object_begins(place_);
      lengths_.push_back(place_.size());
      return true;
    }
    bool on_object_end(size_t, error_code&) {
      leave();
      return true;
    }
    bool on_array_begin(error_code&) {
      visitor_.array_begins(place_);
      lengths_.push_back(place_.size());
      append("[]");
      return true;
    }
    bool on_array_end(size_t, error_code&) {
      leave();
      visitor_.array_ends(place_);
      return true;
    }
    bool on_key_part(json::string_view part, size_t, error_code&) {
      key_.append(part.data(), std::min(part.size(), kPlaceBytesMax - std::min(kPlaceBytesMax, key_.size())));
      return true;
    }
    bool on_key(json::string_view part, size_t length, error_code& error) {
      on_key_part(part, length, error);
      place_.resize(lengths_.back());
      if (!place_.empty()) append(".");
      append(key_);
      key_.clear();
      return true;
    }
    bool on_string_part(json::string_view part, size_t, error_code&) {
      if (!part.empty()) visitor_.text_piece(place_, {part.data(), part.size()});
      return true;
    }
    bool on_string(json::string_view part, size_t length, error_code& error) {
      on_string_part(part, length, error);
      visitor_.text_ends(place_);
      return true;
    }
    bool on_number_part(json::string_view part, error_code&) {
      number_.append(part.data(), std::min(part.size(), kNumberBytesMax - std::min(kNumberBytesMax, number_.size())));
      return true;
    }
    bool on_int64(int64_t, json::string_view part, error_code& error) { return number_ends(part, error); }
    bool on_uint64(uint64_t, json::string_view part, error_code& error) { return number_ends(part, error); }
    bool on_double(double, json::string_view part, error_code& error) { return number_ends(part, error); }
    bool on_bool(bool value, error_code&) {
      visitor_.scalar(place_, value ? JsonScalar::kTrue : JsonScalar::kFalse, {});
      return true;
    }
    bool on_null(error_code&) {
      visitor_.scalar(place_, JsonScalar::kNull, {});
      return true;
    }
    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }

   private:
    void append(std::string_view text) {
      place_ += text.substr(0, kPlaceBytesMax - std::min(kPlaceBytesMax, place_.size()));
    }
    void leave() {
      place_.resize(lengths_.back());
      lengths_.pop_back();
    }
    bool number_ends(json::string_view part, error_code& error) {
      on_number_part(part, error);
      visitor_.scalar(place_, JsonScalar::kNumber, number_);
      number_.clear();
      return true;
    }

    JsonVisitor& visitor_;
    std::string place_;
    std::vector<size_t> lengths_;  // of the place, outside each structure that is open
    std::string key_;
    std::string number_;
  };
  explicit Parser(JsonVisitor& visitor) : boost(options(), visitor) {}

  bool read(bool more, std::string_view bytes) {
    if (failed) return false;
    error_code error;
    const size_t used = boost.write_some(more, bytes.data(), bytes.size(), error);
    // What follows the text may be blank, nothing else.
    const size_t good = error.failed() ? used : std::min(bytes.find_first_not_of(" \t\r\n", used), bytes.size());
    failed = error.failed() || good != bytes.size();
    good_bytes += good;
    return !failed;
  }

  json::basic_parser<PlaceKeeper> boost;
  size_t good_bytes = 0;
  bool failed = false;
};

JsonWalker::JsonWalker(JsonVisitor& visitor) : parser_(std::make_unique<Parser>(visitor)) {}
JsonWalker::~JsonWalker() = default;

bool JsonWalker::read(std::string_view bytes) {
  return parser_->read(true, bytes);
}

bool JsonWalker::finish() {
  return parser_->read(false, {}) && parser_->boost.done();
}

size_t JsonWalker::wrong_at() const {
  return parser_->good_bytes;
}

void JsonWalker::reset() {
  parser_->boost.reset();
  parser_->boost.handler().forget();
  parser_->good_bytes = 0;
  parser_->failed = false;
}

}  // namespace rateguard::usage

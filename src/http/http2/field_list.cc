#include "http/http2/field_list.h"

#include "http/chars.h"

namespace rateguard::http {
namespace {

// How much memory an unused list keeps: more than most requests and answers need.
constexpr size_t kKeptBytes = 4'096;

// Fields of one connection, which HTTP/2 has no place for (RFC 9113, section 8.2.2).
bool is_of_connection(std::string_view name) {
  return name == "connection" || name == "keep-alive" || name == "proxy-connection" || name == "transfer-encoding" ||
         name == "upgrade";
}

// No value holds these bytes (RFC 9113, section 8.2.1); a caller's text must not be able to smuggle them in.
void append_value(net::ByteBuffer& text, std::string_view value) {
  const size_t at = text.size();
  text.append(value);
  for (char& c : text.bytes().subspan(at)) {
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  }
}

}  // namespace

void FieldList::add(std::string_view name, std::string_view value) {
  text_.append(name);
  append_value(text_, value);
  places_.push_back({static_cast<uint32_t>(name.size()), static_cast<uint32_t>(value.size())});
}

void FieldList::add_valid(std::string_view name, std::string_view value) {
  text_.append(name);
  text_.append(value);
  places_.push_back({static_cast<uint32_t>(name.size()), static_cast<uint32_t>(value.size())});
}

void FieldList::add_lower(std::string_view name, std::string_view value) {
  const size_t at = text_.size();
  text_.append(name);
  for (char& c : text_.bytes().subspan(at)) c = lower_ascii(c);
  if (is_of_connection(text_.view().substr(at))) return text_.truncate(at);
  append_value(text_, value);
  places_.push_back({static_cast<uint32_t>(name.size()), static_cast<uint32_t>(value.size())});
}

void FieldList::clear() {
  text_.clear();
  if (text_.capacity() > kKeptBytes) text_.release();
  places_.clear();
}

std::span<const Header> FieldList::fields() {
  fields_.clear();
  std::string_view rest = text_.view();
  for (const Place& place : places_) {
    fields_.push_back({rest.substr(0, place.name_size), rest.substr(place.name_size, place.value_size)});
    rest.remove_prefix(place.name_size + place.value_size);
  }
  return fields_;
}

std::span<const Header> FieldList::fields_and(Header last) {
  fields();
  fields_.push_back(last);
  return fields_;
}

}  // namespace rateguard::http

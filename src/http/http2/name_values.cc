#include "http/http2/name_values.h"

namespace rateguard::http {
namespace {

nghttp2_nv nv_of(const Header& field) {
  return {.name = const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(field.name.data())),
          .value = const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(field.value.data())),
          .namelen = field.name.size(),
          .valuelen = field.value.size(),
          .flags = NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

NameValues::NameValues(std::span<const Header> fields) {
  if (fields.size() > few_.size()) many_.resize(fields.size());
  nghttp2_nv* const to = data();
  for (const Header& field : fields) to[size_++] = nv_of(field);
}

}  // namespace rateguard::http

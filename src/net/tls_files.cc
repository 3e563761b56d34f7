#include "net/tls_files.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstring>

namespace rateguard::net {

std::unexpected<Error> tls_file_error(std::string_view what, const std::string& file) {
  // The system's error comes first in the queue; its consequence, last.
  const unsigned long first = ERR_peek_error();
  const char* const reason = ERR_SYSTEM_ERROR(first) ? std::strerror(static_cast<int>(ERR_GET_REASON(first)))
                                                     : ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return invalid(fmt::format("cannot use {} {}: {}", what, file, reason != nullptr ? reason : "unknown error"));
}

void refuse_pass_phrases(ssl_ctx_st* context) {
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return -1; });
}

}  // namespace rateguard::net

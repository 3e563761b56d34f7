// What servers and clients share in reading their certificates and keys.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/result.h"

struct ssl_ctx_st;

namespace rateguard::net {

// Why OpenSSL could not use a file, from its queue of errors, which it empties: "cannot use the key FILE: No such file
// or directory". REQUIRES: the queue was empty before OpenSSL was asked to read it.
std::unexpected<Error> tls_file_error(std::string_view what, const std::string& file);

// Refuses keys with a pass phrase, instead of asking for it on a terminal that may not be there.
void refuse_pass_phrases(ssl_ctx_st* context);

}  // namespace rateguard::net

// Throw-away certificates for servers of tests.
#pragma once

#include <filesystem>
#include <string>

namespace rateguard::test {

// openssl(1) makes an authority, ca.pem, where the folder has none yet, and signs NAME.pem with the key NAME.key for
// `subjects`, as subjectAltName has them: "IP:127.0.0.1,DNS:localhost". False: it could not.
bool make_certificate(const std::filesystem::path& folder, const std::string& name, const std::string& subjects);

}  // namespace rateguard::test

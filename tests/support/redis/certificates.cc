#include "support/redis/certificates.h"

#include <fmt/format.h>

#include <cstdlib>

namespace rateguard::test {

bool make_certificate(const std::filesystem::path& folder, const std::string& name, const std::string& subjects) {
  constexpr const char* kKey = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
  const std::string command = fmt::format(
      "cd '{0}' && {{ {{ test -e ca.pem || openssl req -x509 {1} -days 1 -subj /CN=authority -keyout ca.key -out "
      "ca.pem; }} "
      "&& openssl req {1} -subj /CN={2} -keyout {2}.key -out {2}.csr && printf 'subjectAltName={3}' > {2}.san && "
      "openssl x509 -req -in {2}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 -extfile {2}.san -out {2}.pem; "
      "}} "
      "2>/dev/null >&2",
      folder.string(), kKey, name, subjects);
  return std::system(command.c_str()) == 0;  // in tests a shell is at hand
}

}  // namespace rateguard::test

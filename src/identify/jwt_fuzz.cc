// Tokens as a stranger sends them, and, so that the checks behind the signature are reached as well, the same bytes as
// the header and payload (divided by the first newline) of a token that is well signed.
#include "identify/jwt.h"
#include "identify/signing_for_tests.h"

namespace {

using namespace rateguard;
using namespace rateguard::identify;

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
constexpr Instant kNow = Instant::from_seconds(1'700'000'000);

const JwtKeys& keys() {
  static const JwtKeys loaded =
      JwtKeys::parse(R"({"kty":"oct","k":")" + rateguard::identify::testing::encode_base64url(kSecret) + "\"}").value();
  return loaded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const JwtPolicy policy = {.leeway = Duration::seconds(60)};
  (void)verify_jwt(text, keys(), policy, kNow);

  const size_t newline = text.find('\n');
  const bool divided = newline != std::string_view::npos;
  const std::string_view header = divided ? text.substr(0, newline) : R"({"alg":"HS256"})";
  const std::string_view payload = divided ? text.substr(newline + 1) : text;
  const std::string token = rateguard::identify::testing::hs256_token(kSecret, header, payload);
  if (const auto claims = verify_jwt(token, keys(), policy, kNow)) {
    RG_CHECK(token.size() <= kJwtBytesMax);
    for (const JsonMember& claim : *claims) RG_CHECK(find_member(*claims, claim.name) == &claim);
    RG_CHECK(!verify_jwt(token + "A", keys(), policy, kNow));
    const bool wants_more = verify_jwt(token, keys(), {.issuer = "nobody", .leeway = policy.leeway}, kNow).has_value();
    const JsonMember* issuer = find_member(*claims, "iss");
    RG_CHECK(wants_more ==
             (issuer != nullptr && issuer->kind == JsonMember::Kind::kString && issuer->text == "nobody"));
  }
  return 0;
}

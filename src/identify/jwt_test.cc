#include "identify/jwt.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <rapidcheck.h>

#include <string>

#include "identify/signing_for_tests.h"

namespace rateguard::identify {
namespace {

using testing::encode_base64url;
using testing::hs256_token;
using testing::Issuer;

constexpr Instant kNow = Instant::from_seconds(1'700'000'000);
const std::string kSecret(32, 's');

std::string oct_jwk(std::string_view secret, std::string_view extra = "") {
  return fmt::format(R"({{"kty":"oct","k":"{}"{}}})", encode_base64url(secret), extra);
}

JwtKeys keys_of(std::string_view text) {
  auto keys = JwtKeys::parse(text);
  RG_CHECK(keys.has_value());
  return *std::move(keys);
}

bool accepts(const JwtKeys& keys, std::string_view token, const JwtPolicy& policy = {}, Instant now = kNow) {
  const bool accepted = verify_jwt(token, keys, policy, now).has_value();
  EXPECT_EQ(ERR_peek_error(), 0u) << "an error was left in OpenSSL's queue";
  return accepted;
}

bool accepts_claims(std::string_view claims, const JwtPolicy& policy = {}, Instant now = kNow) {
  static const JwtKeys keys = keys_of(oct_jwk(kSecret));
  return accepts(keys, hs256_token(kSecret, R"({"alg":"HS256"})", claims), policy, now);
}

bool accepts_header(std::string_view header) {
  static const JwtKeys keys = keys_of(oct_jwk(kSecret));
  return accepts(keys, hs256_token(kSecret, header, R"({"sub":"ada"})"));
}

// RFC 7515, appendices A.1, A.2 and A.3: one payload, which expired at 1300819380.
constexpr std::string_view kRfcPayload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
constexpr Instant kRfcNow = Instant::from_seconds(1'300'819'379);

struct RfcVector {
  std::string jwk;
  std::string token;
};

RfcVector rfc_vector(JwtAlgorithm algorithm) {
  const auto token = [](std::string_view header, std::string_view signature) {
    return fmt::format("{}.{}.{}", header, kRfcPayload, signature);
  };
  switch (algorithm) {
    case JwtAlgorithm::kHs256:
      return {
          R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})",
          token("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")};
    case JwtAlgorithm::kRs256:
      return {
          R"({"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPME)"
          R"(zP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsL)"
          R"(A9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8)"
          R"(q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"})",
          token("eyJhbGciOiJSUzI1NiJ9",
                "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
                "O8W2Fp5jujGbds9uJdbF9CUA"
                "r7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_"
                "eSN9383LcOLn6_dO-"
                "-xi12jzDwusC-"
                "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_"
                "IoypGlUPQGe77Rw")};
    case JwtAlgorithm::kEs256:
      return {R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
              R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
              token("eyJhbGciOiJFUzI1NiJ9",
                    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")};
  }
  return {};
}

class RfcVectors : public ::testing::TestWithParam<JwtAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(Rfc7515, RfcVectors,
                         ::testing::Values(JwtAlgorithm::kHs256, JwtAlgorithm::kRs256, JwtAlgorithm::kEs256));

TEST_P(RfcVectors, Verify) {
  const RfcVector vector = rfc_vector(GetParam());
  const auto claims = verify_jwt(vector.token, keys_of(vector.jwk), {.issuer = "joe"}, kRfcNow);
  ASSERT_TRUE(claims);
  ASSERT_EQ(claims->size(), 3u);
  EXPECT_EQ((*claims)[0].text, "joe");
  EXPECT_EQ((*claims)[1].name, "exp");
  EXPECT_EQ((*claims)[1].text, "1300819380");
  EXPECT_EQ((*claims)[2].name, "http://example.com/is_root");
  EXPECT_EQ((*claims)[2].text, "true");
}

TEST_P(RfcVectors, DoNotVerifyWithAnyCharacterChangedOrRemoved) {
  const RfcVector vector = rfc_vector(GetParam());
  const JwtKeys keys = keys_of(vector.jwk);
  for (size_t i = 0; i < vector.token.size(); ++i) {
    std::string changed = vector.token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(accepts(keys, changed, {}, kRfcNow)) << i;
    std::string shorter = vector.token;
    shorter.erase(i, 1);
    EXPECT_FALSE(accepts(keys, shorter, {}, kRfcNow)) << i;
    EXPECT_FALSE(accepts(keys, vector.token.substr(0, i), {}, kRfcNow)) << i;
  }
}

TEST_P(RfcVectors, DoNotVerifyWithOtherKeysOfTheSameKind) {
  const JwtAlgorithm algorithm = GetParam();
  const std::string other = algorithm == JwtAlgorithm::kHs256   ? oct_jwk(kSecret)
                            : algorithm == JwtAlgorithm::kRs256 ? Issuer::rsa(2048).public_pem()
                                                                : Issuer::ec("P-256").public_pem();
  EXPECT_FALSE(accepts(keys_of(other), rfc_vector(algorithm).token, {}, kRfcNow));
}

TEST(Jwt, VerifiesWithGeneratedKeysAndCertificates) {
  for (const auto& [issuer, header] : {std::pair(Issuer::rsa(2048), R"({"alg":"RS256"})"),
                                       std::pair(Issuer::ec("P-256"), R"({"alg":"ES256","typ":"JWT"})")}) {
    const std::string token = issuer.token(header, R"({"sub":"ada"})");
    EXPECT_TRUE(accepts(keys_of(issuer.public_pem()), token));
    EXPECT_TRUE(accepts(keys_of(issuer.certificate_pem()), token));
    EXPECT_TRUE(accepts(keys_of(Issuer::ec("P-256").public_pem() + issuer.public_pem()), token)) << "the second of two";
  }
}

TEST(Jwt, NeverUsesAKeyAsAnotherKind) {
  const Issuer rsa = Issuer::rsa(2048);
  const std::string pem = rsa.public_pem();
  // The classic: the public key, known to everyone, as an HMAC secret.
  EXPECT_FALSE(accepts(keys_of(pem), hs256_token(pem, R"({"alg":"HS256"})", R"({"sub":"eve"})")));
  EXPECT_FALSE(accepts(keys_of(pem), rsa.token(R"({"alg":"ES256"})", R"({"sub":"eve"})")));
  EXPECT_FALSE(accepts(keys_of(pem), rsa.token(R"({"alg":"PS256"})", R"({"sub":"eve"})")));
  EXPECT_FALSE(accepts(keys_of(oct_jwk(kSecret)), hs256_token(kSecret, R"({"alg":"RS256"})", R"({"sub":"eve"})")));
}

TEST(Jwt, RefusesNone) {
  const JwtKeys keys = keys_of(oct_jwk(kSecret));
  for (const std::string_view alg : {"none", "None", "NONE", "nOnE", ""}) {
    const std::string input = testing::signing_input(fmt::format(R"({{"alg":"{}"}})", alg), R"({"sub":"eve"})");
    EXPECT_FALSE(accepts(keys, input + "."));
    EXPECT_FALSE(accepts(keys, input));
    EXPECT_FALSE(accepts_header(fmt::format(R"({{"alg":"{}"}})", alg)));
  }
}

TEST(Jwt, TakesEs256SignaturesOf64BytesAlone) {
  const Issuer ec = Issuer::ec("P-256");
  const JwtKeys keys = keys_of(ec.public_pem());
  const std::string input = testing::signing_input(R"({"alg":"ES256"})", "{}");
  EXPECT_TRUE(accepts(keys, input + "." + encode_base64url(ec.sign(input))));
  EXPECT_FALSE(accepts(keys, input + "." + encode_base64url(ec.sign_der(input))));
  EXPECT_FALSE(accepts(keys, input + "." + encode_base64url(std::string(64, '\0'))));
  EXPECT_FALSE(accepts(keys, input + "." + encode_base64url(ec.sign(input) + '\0')));
  for (const size_t length : {0u, 1u, 31u, 32u, 33u, 63u}) {
    EXPECT_FALSE(accepts(keys, input + "." + encode_base64url(ec.sign(input).substr(0, length)))) << length;
  }
}

TEST(Jwt, ReadsHeadersStrictly) {
  EXPECT_TRUE(accepts_header(R"({"alg":"HS256"})"));
  EXPECT_TRUE(accepts_header(R"({"alg":"HS256","typ":"at+jwt","x5t":"ignored"})"));
  for (const std::string_view header :
       {"", "{}", "[]", "null", R"("HS256")", R"({"alg":null})", R"({"alg":["HS256"]})", R"({"alg":"hs256"})",
        R"({"alg":"HS512"})", R"({"alg":"HS256","alg":"HS256"})", R"({"alg":"none","alg":"HS256"})",
        R"({"alg":"HS256","crit":["exp"]})", R"({"alg":"HS256","crit":[]})", R"({"alg":"HS256","kid":7})",
        R"({"alg":"HS256"} x)", R"({"alg":"HS256",})", R"({"alg":"HS256"}{})"}) {
    EXPECT_FALSE(accepts_header(header)) << header;
  }
}

TEST(Jwt, NeverLooksAtKeysThatTheTokenBrings) {
  const std::string own(32, 'x');
  const std::string header = fmt::format(R"({{"alg":"HS256","jwk":{}}})", oct_jwk(own));
  EXPECT_FALSE(accepts(keys_of(oct_jwk(kSecret)), hs256_token(own, header, "{}")));
}

TEST(Jwt, RefusesWhatIsNotACompactToken) {
  const JwtKeys keys = keys_of(oct_jwk(kSecret));
  const std::string good = hs256_token(kSecret, R"({"alg":"HS256"})", "{}");
  EXPECT_TRUE(accepts(keys, good));
  for (const std::string& token :
       {std::string(), std::string("."), std::string(".."), std::string("..."), good + ".", "." + good, good + "=",
        good + " ", " " + good, good + "." + good, good + std::string(1, '\0')}) {
    EXPECT_FALSE(accepts(keys, token)) << token;
  }
  const std::string large = fmt::format(R"({{"pad":"{}"}})", std::string(kJwtBytesMax, 'x'));
  EXPECT_FALSE(accepts(keys, hs256_token(kSecret, R"({"alg":"HS256"})", large)));
}

TEST(Jwt, RefusesPayloadsThatReadersDisagreeAbout) {
  EXPECT_TRUE(accepts_claims(R"({"sub":"ada","nested":{"sub":"eve","sub":"eve"}})"));
  for (const std::string_view claims :
       {"", "[]", "{", R"({"sub":"ada","sub":"eve"})", R"({"exp":1,"exp":9999999999})", "{\"sub\":\"\xff\"}",
        R"({"s\u0075b":"ada","sub":"eve"})", R"({"sub":"ada"}garbage)", R"({'sub':'ada'})"}) {
    EXPECT_FALSE(accepts_claims(claims)) << claims;
  }
}

TEST(Jwt, IsInForceFromNbfUntilBeforeExp) {
  const auto at = [](int64_t us) { return Instant{kNow.us + us}; };
  const std::string_view exp = R"({"exp":1700000000})";
  EXPECT_TRUE(accepts_claims(exp, {}, at(-1)));
  EXPECT_FALSE(accepts_claims(exp, {}, at(0)));
  const std::string_view nbf = R"({"nbf":1700000000})";
  EXPECT_FALSE(accepts_claims(nbf, {}, at(-1)));
  EXPECT_TRUE(accepts_claims(nbf, {}, at(0)));

  const JwtPolicy minute = {.leeway = Duration::seconds(60)};
  EXPECT_TRUE(accepts_claims(exp, minute, at(59'999'999)));
  EXPECT_FALSE(accepts_claims(exp, minute, at(60'000'000)));
  EXPECT_TRUE(accepts_claims(nbf, minute, at(-60'000'000)));
  EXPECT_FALSE(accepts_claims(nbf, minute, at(-60'000'001)));

  EXPECT_TRUE(accepts_claims(R"({"exp":1700000000.5})", {}, at(499'999)));
  EXPECT_FALSE(accepts_claims(R"({"exp":1700000000.5})", {}, at(500'000)));
  EXPECT_TRUE(accepts_claims(R"({"exp":1.7000000005e9})", {}, at(499'999)));
  EXPECT_FALSE(accepts_claims(R"({"exp":1.7000000005e9})", {}, at(500'000)));
}

TEST(Jwt, ReadsExtremeAndMalformedDates) {
  const JwtPolicy day = {.leeway = Duration::seconds(86'400)};
  for (const std::string_view claims :
       {R"({"exp":1e300})", R"({"exp":18446744073709551615})", R"({"nbf":-1e300})", R"({"nbf":0})"}) {
    EXPECT_TRUE(accepts_claims(claims, day)) << claims;
  }
  for (const std::string_view claims :
       {R"({"exp":-1e300})", R"({"exp":0})", R"({"nbf":1e300})", R"({"exp":"1800000000"})", R"({"exp":null})",
        R"({"exp":true})", R"({"exp":[1800000000]})", R"({"nbf":"0"})"}) {
    EXPECT_FALSE(accepts_claims(claims, day)) << claims;
  }
}

TEST(Jwt, RequiresIssuerAndAudienceWhereConfigured) {
  const JwtPolicy policy = {.issuer = "https://id.example", .audience = "api"};
  EXPECT_TRUE(accepts_claims(R"({"iss":"https://id.example","aud":"api"})", policy));
  EXPECT_TRUE(accepts_claims(R"({"iss":"https://id.example","aud":["web","api"]})", policy));
  for (const std::string_view claims :
       {"{}", R"({"iss":"https://id.example"})", R"({"aud":"api"})", R"({"iss":"https://id.example/","aud":"api"})",
        R"({"iss":"https://id.example","aud":"API"})", R"({"iss":"https://id.example","aud":[]})",
        R"({"iss":"https://id.example","aud":["web"]})", R"({"iss":"https://id.example","aud":["api",7]})",
        R"({"iss":"https://id.example","aud":{"api":"api"}})", R"({"iss":["https://id.example"],"aud":"api"})",
        R"({"iss":"https://id.example","aud":[["api"]]})"}) {
    EXPECT_FALSE(accepts_claims(claims, policy)) << claims;
  }
}

TEST(Jwt, ChoosesKeysByKid) {
  const std::string a(32, 'a');
  const std::string b(32, 'b');
  const std::string c(32, 'c');
  const JwtKeys keys = keys_of(
      fmt::format(R"({{"keys":[{},{},{}]}})", oct_jwk(a, R"(,"kid":"a")"), oct_jwk(b, R"(,"kid":"b")"), oct_jwk(c)));
  const auto signed_by = [&](std::string_view secret, std::string_view kid) {
    const std::string header = kid.empty() ? R"({"alg":"HS256"})" : fmt::format(R"({{"alg":"HS256","kid":"{}"}})", kid);
    return accepts(keys, hs256_token(secret, header, "{}"));
  };
  EXPECT_TRUE(signed_by(a, "a"));
  EXPECT_TRUE(signed_by(b, "b"));
  EXPECT_FALSE(signed_by(a, "b"));
  EXPECT_FALSE(signed_by(b, "unheard-of"));
  EXPECT_TRUE(signed_by(c, "unheard-of")) << "a key without a name serves every name";
  EXPECT_TRUE(signed_by(a, "")) << "a token without a name is tried with all";
  EXPECT_TRUE(signed_by(b, ""));
  const auto named_empty = [&](std::string_view secret) {
    return accepts(keys, hs256_token(secret, R"({"alg":"HS256","kid":""})", "{}"));
  };
  EXPECT_FALSE(named_empty(a)) << "an empty name is a name";
  EXPECT_TRUE(named_empty(c));
}

TEST(Jwt, SurvivesArbitraryBytes) {
  const JwtKeys keys = keys_of(oct_jwk(kSecret));
  EXPECT_TRUE(rc::check([&] {
    const auto text = *rc::gen::arbitrary<std::string>();
    RC_ASSERT(!verify_jwt(text, keys, {}, kNow));
    (void)verify_jwt(hs256_token(kSecret, R"({"alg":"HS256"})", text), keys, {}, kNow);
  }));
}

}  // namespace
}  // namespace rateguard::identify

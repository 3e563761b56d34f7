#include "identify/jwt_keys.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "identify/base64url.h"
#include "identify/signing_for_tests.h"

namespace rateguard::identify {
namespace {

using testing::encode_base64url;
using testing::Issuer;

// What is wrong with a key file, "" where nothing is.
std::string problem(std::string_view text) {
  const auto keys = JwtKeys::parse(text);
  EXPECT_EQ(ERR_peek_error(), 0u) << "an error was left in OpenSSL's queue";
  return keys ? std::string() : keys.error().message;
}

bool mentions(std::string_view message, std::string_view words) {
  return message.find(words) != std::string_view::npos;
}

std::string oct(size_t bytes, std::string_view extra = "") {
  return fmt::format(R"({{"kty":"oct","k":"{}"{}}})", encode_base64url(std::string(bytes, 'k')), extra);
}

// RFC 7515, appendix A.3.
constexpr std::string_view kX = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
constexpr std::string_view kY = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

std::string ec(std::string_view x, std::string_view y, std::string_view extra = "") {
  return fmt::format(R"({{"kty":"EC","crv":"P-256","x":"{}","y":"{}"{}}})", x, y, extra);
}

TEST(JwtKeys, HmacSecretsAreAsLongAsTheHash) {
  EXPECT_EQ(problem(oct(32)), "");
  EXPECT_TRUE(mentions(problem(oct(31)), "31 bytes; at least 32"));
  EXPECT_TRUE(mentions(problem(R"({"kty":"oct"})"), "\"k\" is missing"));
  EXPECT_TRUE(mentions(problem(R"({"kty":"oct","k":"AAAA="})"), "base64url"));
}

TEST(JwtKeys, RsaHasAtLeast2048Bits) {
  EXPECT_EQ(problem(Issuer::rsa(2048).public_pem()), "");
  EXPECT_TRUE(mentions(problem(Issuer::rsa(1024).public_pem()), "1024 bits"));
  const std::string small = encode_base64url(std::string(128, '\xff'));
  EXPECT_TRUE(mentions(problem(fmt::format(R"({{"kty":"RSA","n":"{}","e":"AQAB"}})", small)), "1024 bits"));
  const std::string huge = encode_base64url(std::string(1025, '\xff'));
  EXPECT_TRUE(mentions(problem(fmt::format(R"({{"kty":"RSA","n":"{}","e":"AQAB"}})", huge)), "8192"));
}

TEST(JwtKeys, RsaExponentsThatProveNothingAreRefused) {
  const std::string modulus = encode_base64url(std::string(255, '\xfe') + "\x7f");
  for (const std::string_view exponent :
       {std::string_view(""), std::string_view("\x01", 1), std::string_view("\x02", 1)}) {
    EXPECT_NE(problem(fmt::format(R"({{"kty":"RSA","n":"{}","e":"{}"}})", modulus, encode_base64url(exponent))), "");
  }
}

TEST(JwtKeys, P256PointsLieOnTheCurve) {
  EXPECT_EQ(problem(ec(kX, kY)), "");
  EXPECT_TRUE(mentions(problem(ec(kY, kX)), "not a point"));
  EXPECT_TRUE(mentions(problem(ec("AAAA", kY)), "32 bytes"));
  const std::string zero = encode_base64url(std::string(32, '\0'));
  EXPECT_NE(problem(ec(zero, zero)), "");
}

TEST(JwtKeys, OtherKindsAndUsesInASetArePassedOver) {
  const auto set = [](std::string_view others) { return fmt::format(R"({{"keys":[{},{}]}})", others, oct(32)); };
  for (const std::string& other :
       {std::string(R"({"kty":"OKP","crv":"Ed25519","x":"AA"})"),
        std::string(R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})"), oct(64, R"(,"alg":"HS512")"),
        ec(kX, kY, R"(,"use":"enc")"), ec(kX, kY, R"(,"key_ops":["sign"])"), ec(kX, kY, R"(,"alg":"RS256")"),
        oct(32, R"(,"alg":"RS256")")}) {
    const auto keys = JwtKeys::parse(set(other));
    ASSERT_TRUE(keys) << other;
    EXPECT_EQ(keys->size(), 1u) << other;
    EXPECT_TRUE(mentions(problem(other), "no key for HS256, RS256 or ES256")) << other;
  }
  const auto used = JwtKeys::parse(set(ec(kX, kY, R"(,"alg":"ES256","use":"sig","key_ops":["verify"],"kid":"1")")));
  ASSERT_TRUE(used);
  EXPECT_EQ(used->size(), 2u);
}

TEST(JwtKeys, OneBrokenKeyLeavesTheOthersOfItsSetUsable) {
  const std::string small = encode_base64url(std::string(128, '\xff'));
  const std::string huge = encode_base64url(std::string(1025, '\xff'));
  const std::string modulus = encode_base64url(std::string(255, '\xfe') + "\x7f");
  const std::pair<std::string, std::string_view> cases[] = {
      {fmt::format(R"({{"kty":"RSA","use":"sig","n":"{}","e":"AQAB"}})", small), "an RSA key of 1024 bits"},
      {fmt::format(R"({{"kty":"RSA","n":"{}","e":"AQAB"}})", huge), "an RSA key of more than 8192 bits"},
      {R"({"kty":"RSA","e":"AQAB","x5c":["AAAA"]})", "the member \"n\" is missing or not a string"},
      {fmt::format(R"({{"kty":"RSA","n":"{}=","e":"AQAB"}})", modulus), "not base64url without padding"},
      {R"({"kty":"RSA","n":"a+/b","e":"AQAB"})", "not base64url without padding"},
      {fmt::format(R"({{"kty":"EC","crv":"P-256","x":"{}"}})", kX), "the member \"y\" is missing"},
      {ec(encode_base64url(std::string(31, 'x')), kY), "not of 32 bytes each"},
      {ec(kY, kX), "not a point of the curve"},
      {oct(5), "an HS256 secret of 5 bytes"},
      {R"({"kty":"oct"})", "the member \"k\" is missing"},
      {"{}", "the member \"kty\" is missing or not a string"},
      {R"({"kty":7})", "the member \"kty\" is missing or not a string"},
      {"null", "not a JSON object"},
      {oct(32, R"(,"kid":7)"), "the member \"kid\" is not a string"},
  };
  for (const auto& [broken, why] : cases) {
    for (const bool is_first : {true, false}) {
      const std::string good = oct(32, R"(,"kid":"good")");
      const auto keys =
          JwtKeys::parse(fmt::format(R"({{"keys":[{},{}]}})", is_first ? broken : good, is_first ? good : broken));
      ASSERT_TRUE(keys) << broken << keys.error().message;
      EXPECT_EQ(keys->size(), 1u) << broken;
      ASSERT_EQ(keys->warnings().size(), 1u) << broken;
      EXPECT_TRUE(mentions(keys->warnings()[0], fmt::format("key {} of the set is skipped: ", is_first ? 1 : 2)));
      EXPECT_TRUE(mentions(keys->warnings()[0], why)) << keys->warnings()[0];
    }
    EXPECT_TRUE(mentions(problem(fmt::format(R"({{"keys":[{}]}})", broken)), why)) << broken;
  }
}

TEST(JwtKeys, MembersThatAreNullAreAbsent) {
  const auto keys = JwtKeys::parse(
      fmt::format(R"({{"keys":[{}]}})", oct(32, R"(,"alg":null,"use":null,"key_ops":null,"kid":null,"x5c":null)")));
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->size(), 1u);
  EXPECT_TRUE(keys->warnings().empty());
  EXPECT_TRUE(JwtKeys::parse(ec(kX, kY, R"(,"d":null)")));
}

TEST(JwtKeys, ASetWithoutAUsableKeySaysWhyOfEach) {
  EXPECT_EQ(problem(fmt::format(R"({{"keys":[{},{}]}})", oct(5, R"(,"kid":"old")"), ec(kX, kY, R"(,"use":"enc")"))),
            "it holds no key for HS256, RS256 or ES256; key 1 of the set (kid \"old\"): an HS256 secret of 5 bytes; at "
            "least 32 are needed; key 2 of the set: its \"use\" or \"key_ops\" is not to verify");
}

TEST(JwtKeys, PrivateKeysAreRefusedWithWhatToDo) {
  EXPECT_TRUE(mentions(problem(Issuer::ec("P-256").private_pem()), "openssl pkey"));
  EXPECT_TRUE(mentions(problem(ec(kX, kY, R"(,"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI")")), "private"));
}

TEST(JwtKeys, OtherCurvesAndKindsInPemAreRefused) {
  EXPECT_TRUE(mentions(problem(Issuer::ec("P-384").public_pem()), "neither RSA nor EC"));
  EXPECT_TRUE(mentions(problem(Issuer::ec("P-256").public_pem() + Issuer::ec("secp256k1").public_pem()), "block 2"));
}

TEST(JwtKeys, DamagedFilesSayWhatWasExpected) {
  for (const std::string_view text : {"", " ", "secret", "[]", "null"})
    EXPECT_TRUE(mentions(problem(text), "expected PEM")) << text;
  EXPECT_TRUE(mentions(problem("{"), "not JSON"));
  EXPECT_TRUE(mentions(problem("{}"), "\"kty\""));
  EXPECT_TRUE(mentions(problem(R"({"keys":{}})"), "array"));
  EXPECT_TRUE(mentions(problem(R"({"keys":[]})"), "no key"));
  EXPECT_TRUE(mentions(problem(R"({"keys":[1]})"), "key 1 of the set: not a JSON object"));
  std::string pem = Issuer::ec("P-256").public_pem();
  pem[pem.size() / 2] = '!';
  EXPECT_TRUE(mentions(problem(pem), "block 1"));
  EXPECT_TRUE(mentions(problem(pem.substr(0, pem.size() / 2)), "block 1"));
}

TEST(JwtKeys, AreBounded) {
  std::string list = oct(32);
  for (size_t i = 1; i < JwtKeys::kKeysMax; ++i) list += "," + oct(32);
  EXPECT_EQ(problem(fmt::format(R"({{"keys":[{}]}})", list)), "");
  EXPECT_TRUE(mentions(problem(fmt::format(R"({{"keys":[{},{}]}})", list, oct(32))), "at most 32"));
}

TEST(JwtKeys, ErrorsNeverRepeatKeyMaterial) {
  const std::string secret = encode_base64url(std::string(20, 'Q'));
  EXPECT_FALSE(mentions(problem(fmt::format(R"({{"kty":"oct","k":"{}"}})", secret)), secret));
  EXPECT_FALSE(mentions(problem(secret), secret));
}

TEST(JwtKeys, LoadReadsFilesAndNamesThem) {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("jwt_keys_test_{}.json", ::getpid());
  std::ofstream(path) << oct(32);
  EXPECT_TRUE(JwtKeys::load(path));
  std::ofstream(path) << "nonsense";
  const auto damaged = JwtKeys::load(path);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(mentions(damaged.error().message, path.string()));
  std::filesystem::remove(path);
  const auto missing = JwtKeys::load(path);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kIo);
  EXPECT_TRUE(mentions(missing.error().message, "No such file"));
  const std::string pipe = path.string() + ".pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto waiting = JwtKeys::load(pipe);
  std::filesystem::remove(pipe);
  ASSERT_FALSE(waiting);
  EXPECT_TRUE(mentions(waiting.error().message, "named pipe")) << waiting.error().message;

  const auto directory = JwtKeys::load(std::filesystem::temp_directory_path());
  ASSERT_FALSE(directory);
}

TEST(Base64Url, HasOneTextForEachStringOfBytes) {
  for (const std::string_view bytes : {"", "f", "fo", "foo", "foob", "fooba", "foobar", "\xff\xfe\xfd"}) {
    EXPECT_EQ(decode_base64url(encode_base64url(bytes)), bytes);
  }
  EXPECT_EQ(decode_base64url("_-8"), "\xff\xef");
  for (const std::string_view text : {"A", "AAAAA", "AB", "AAB", "AA==", "AA=", "A A", "+/8", "AA\n"}) {
    EXPECT_FALSE(decode_base64url(text)) << text;
  }
}

}  // namespace
}  // namespace rateguard::identify

#include "net/tls.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "http/server/server_fixture.h"

namespace rateguard::http {
namespace {

namespace fs = std::filesystem;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key make_key() {
  return {EVP_EC_gen("P-256"), &EVP_PKEY_free};
}

struct Identity {
  Key key;
  Certificate certificate;
};

enum class Role : uint8_t { kAuthority, kEnd };

// Signed by `issuer`, or by itself.
Identity make_identity(const std::string& common_name, Role role, const Identity* issuer = nullptr) {
  Identity made{make_key(), {X509_new(), &X509_free}};
  X509* const certificate = made.certificate.get();
  static long serial = 0;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3'600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3'600);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name.c_str()), -1,
                             -1, 0);
  X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer->certificate.get()) : name);
  X509_EXTENSION* const constraints = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints,
                                                          role == Role::kAuthority ? "critical,CA:TRUE" : "CA:FALSE");
  X509_add_ext(certificate, constraints, -1);
  X509_EXTENSION_free(constraints);
  EXPECT_GT(X509_sign(certificate, issuer ? issuer->key.get() : made.key.get(), EVP_sha256()), 0);
  return made;
}

void write_certificate(const fs::path& path, const Identity& identity) {
  FILE* const file = std::fopen(path.c_str(), "w");
  PEM_write_X509(file, identity.certificate.get());
  std::fclose(file);
}

void write_key(const fs::path& path, const Identity& identity) {
  FILE* const file = std::fopen(path.c_str(), "w");
  PEM_write_PrivateKey(file, identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
}

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    std::string pattern = testing::TempDir() + "tls-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    install("first");
    write_certificate(directory_ / "ca.pem", authority_);
  }
  ~TlsTest() override { fs::remove_all(directory_); }

  // A new certificate and key under the server's file names.
  void install(const std::string& name) {
    const Identity identity = make_identity(name, Role::kEnd, &authority_);
    write_certificate(directory_ / "server.pem", identity);
    write_key(directory_ / "server.key", identity);
  }
  net::TlsFiles files(const std::string& client_ca = "") const {
    return {.certificate = directory_ / "server.pem",
            .key = directory_ / "server.key",
            .client_ca = client_ca.empty() ? "" : (directory_ / client_ca).string()};
  }
  std::shared_ptr<const net::TlsContext> context(const std::string& client_ca = "") const {
    auto made = net::TlsContext::create(files(client_ca));
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().message);
    return made ? *made : nullptr;
  }

  Identity authority_ = make_identity("test authority", Role::kAuthority);
  fs::path directory_;
};

struct TlsClientOptions {
  const Identity* identity = nullptr;
  int version_max = TLS1_3_VERSION;
  std::string protocol = {};  // offered by ALPN
};

// A blocking TLS client on a socket of its own. It checks no certificate: what is tested is the server.
class TlsClient {
 public:
  explicit TlsClient(uint16_t port, const TlsClientOptions& options = {})
      : client_(port), context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free), ssl_(nullptr, &SSL_free) {
    SSL_CTX_set_max_proto_version(context_.get(), options.version_max);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_security_level(context_.get(), 0);
    if (options.identity != nullptr) {
      SSL_CTX_use_certificate(context_.get(), options.identity->certificate.get());
      SSL_CTX_use_PrivateKey(context_.get(), options.identity->key.get());
    }
    ssl_.reset(SSL_new(context_.get()));
    if (!options.protocol.empty()) {
      const std::string list = static_cast<char>(options.protocol.size()) + options.protocol;
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(list.data()),
                          static_cast<unsigned>(list.size()));
    }
    SSL_set_fd(ssl_.get(), client_.descriptor());
    connected_ = SSL_connect(ssl_.get()) == 1;
    ERR_clear_error();
  }
  bool connected() const { return connected_; }
  std::string server_name() const {
    const Certificate certificate(SSL_get1_peer_certificate(ssl_.get()), &X509_free);
    char text[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, text, sizeof(text));
    return text;
  }
  std::string protocol() const {
    const unsigned char* data = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &data, &size);
    return {reinterpret_cast<const char*>(data), size};
  }
  bool send(std::string_view bytes) {
    const bool sent = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
    ERR_clear_error();
    return sent;
  }
  // Each in a record of its own, on the wire together.
  void send_together(std::string_view first, std::string_view second) {
    client_.hold_back(1);
    EXPECT_TRUE(send(first) && send(second));
    client_.hold_back(0);
  }
  // Reads until `text` has been seen; everything up to there, or what came before the end.
  std::string read_until(std::string_view text) {
    while (unread_.find(text) == std::string::npos) {
      char buffer[16'384];
      const int received = SSL_read(ssl_.get(), buffer, sizeof(buffer));
      ERR_clear_error();
      if (received <= 0) return std::exchange(unread_, {});
      unread_.append(buffer, static_cast<size_t>(received));
    }
    const size_t end = unread_.find(text) + text.size();
    std::string seen = unread_.substr(0, end);
    unread_.erase(0, end);
    return seen;
  }

 private:
  TestClient client_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool connected_ = false;
  std::string unread_;
};

TEST_F(TlsTest, AnswersOverEveryVersionItSpeaks) {
  TestServer server({.host = {.tls = context()}});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(server.port(), {.version_max = version});
    ASSERT_TRUE(client.connected());
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(client.send(post("/" + std::to_string(i), "b")));
      EXPECT_NE(client.read_until("/" + std::to_string(i) + " b").find("HTTP/1.1 200 OK"), std::string::npos);
    }
  }
  EXPECT_FALSE(TlsClient(server.port(), {.version_max = TLS1_1_VERSION}).connected());
  EXPECT_TRUE(eventually([&] { return server.stats().handshakes_failed.value() == 1; }));
}

TEST_F(TlsTest, AnswersPipelinedRequestsAndLargeBodies) {
  TestServer server({.host = {.tls = context()}});
  TlsClient client(server.port());
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += get("/" + std::to_string(i) + "/end");
  ASSERT_TRUE(client.send(requests));
  for (int i = 0; i < 500; ++i) {
    ASSERT_NE(client.read_until("/end ").find("GET /" + std::to_string(i) + "/end"), std::string::npos);
  }
  ASSERT_TRUE(client.send(post("/", std::string(900'000, 'u') + "!")));
  EXPECT_GT(client.read_until("!").size(), 900'000u);
  ASSERT_TRUE(client.send(get("/big?2000000") + get("/last")));
  EXPECT_TRUE(client.read_until("/last").ends_with("/last"));
}

// The second record waits decrypted inside TLS, where the socket's readiness does not show it, while the first one's
// answer waits for the reader.
TEST_F(TlsTest, DoesNotForgetWhatTlsHasTakenFromTheSocket) {
  TestServer server({.host = {.tls = context()}});
  TlsClient client(server.port());
  client.send_together(get("/a/end"), get("/b/end"));
  EXPECT_NE(client.read_until("/a/end "), "");
  EXPECT_NE(client.read_until("/b/end ").find("/b/end "), std::string::npos);
  client.send_together(get("/big?20000000"), get("/last"));
  EXPECT_TRUE(client.read_until("/last").ends_with("/last"));
}

TEST_F(TlsTest, AgreesOnHttp11OrNotAtAll) {
  TestServer server({.host = {.tls = context()}});
  TlsClient http1(server.port(), {.protocol = "http/1.1"});
  EXPECT_TRUE(http1.connected());
  EXPECT_EQ(http1.protocol(), "http/1.1");
  EXPECT_FALSE(TlsClient(server.port(), {.protocol = "h2"}).connected());
}

// What is spoken may have no name in ALPN.
TEST_F(TlsTest, WithoutProtocolsWhatClientsOfferIsPassedOver) {
  const net::AlpnProtocols none;
  TestServer server({.host = {.tls = *net::TlsContext::create(files(), none)}});
  TlsClient client(server.port(), {.protocol = "h2"});
  EXPECT_TRUE(client.connected());
  EXPECT_EQ(client.protocol(), "");
}

TEST_F(TlsTest, AReloadServesNewConnectionsAndABadOneChangesNothing) {
  TestServer server({.host = {.tls = context()}});
  TlsClient before(server.port());
  EXPECT_EQ(before.server_name(), "first");
  install("second");
  server.on_loop([&] { server.server().set_tls(context()); });
  TlsClient after(server.port());
  EXPECT_EQ(after.server_name(), "second");
  ASSERT_TRUE(before.send(get("/old")));
  EXPECT_NE(before.read_until("/old").find("200 OK"), std::string::npos);

  write_key(directory_ / "server.key", authority_);
  const auto bad = net::TlsContext::create(files());
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find((directory_ / "server.key").string()), std::string::npos) << bad.error().message;
  EXPECT_EQ(TlsClient(server.port()).server_name(), "second");
}

TEST_F(TlsTest, AHandshakeUnderWayOutlivesTheContextItBeganWith) {
  auto replaced = context();
  const std::unique_ptr<SSL, decltype(&SSL_free)> server(SSL_new(replaced->native()), &SSL_free);
  replaced.reset();  // as a reload does

  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> client_context(SSL_CTX_new(TLS_client_method()),
                                                                         &SSL_CTX_free);
  const std::unique_ptr<SSL, decltype(&SSL_free)> client(SSL_new(client_context.get()), &SSL_free);
  const std::string offered = "\x08http/1.1";
  SSL_set_alpn_protos(client.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                      static_cast<unsigned>(offered.size()));
  BIO* client_end = nullptr;
  BIO* server_end = nullptr;
  ASSERT_EQ(BIO_new_bio_pair(&client_end, 0, &server_end, 0), 1);
  SSL_set_bio(client.get(), client_end, client_end);
  SSL_set_bio(server.get(), server_end, server_end);
  SSL_set_connect_state(client.get());
  SSL_set_accept_state(server.get());
  bool is_done = false;
  for (int turn = 0; turn < 10 && !is_done; ++turn) {
    const bool client_is_done = SSL_do_handshake(client.get()) == 1;
    is_done = SSL_do_handshake(server.get()) == 1 && client_is_done;
  }
  ERR_clear_error();
  EXPECT_TRUE(is_done);
  const unsigned char* selected = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(client.get(), &selected, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(selected), size), "http/1.1");
}

TEST_F(TlsTest, SaysWhichFileIsWrong) {
  const auto message = [](const net::TlsFiles& files) {
    const auto made = net::TlsContext::create(files);
    return made ? "fine" : made.error().message;
  };
  net::TlsFiles missing = files();
  missing.certificate = "/nowhere/server.pem";
  EXPECT_EQ(message(missing), "cannot use the certificate /nowhere/server.pem: No such file or directory");
  net::TlsFiles not_pem = files();
  not_pem.key = "/dev/null";
  EXPECT_EQ(message(not_pem).find("cannot use the key /dev/null: "), 0u) << message(not_pem);
  net::TlsFiles no_authority = files();
  no_authority.client_ca = "/dev/null";
  EXPECT_EQ(message(no_authority).find("cannot use the client authority /dev/null: "), 0u) << message(no_authority);
}

TEST_F(TlsTest, AClientAuthorityAdmitsOnlyCertificatesThatItSigned) {
  TestServer server({.host = {.tls = context("ca.pem")}});
  const Identity known = make_identity("known client", Role::kEnd, &authority_);
  const Identity stranger = make_identity("stranger", Role::kEnd);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(server.port(), {.identity = &known, .version_max = version});
    ASSERT_TRUE(client.send(get("/")));
    EXPECT_NE(client.read_until("GET / ").find("X-Subject: CN=known client\r\n"), std::string::npos);
    for (const Identity* identity : {&stranger, static_cast<const Identity*>(nullptr)}) {
      // In TLS 1.3 the client learns of the refusal only when it reads.
      TlsClient refused(server.port(), {.identity = identity, .version_max = version});
      refused.send(get("/"));
      EXPECT_EQ(refused.read_until("GET / "), "");
    }
  }
  EXPECT_EQ(server.stats().requests_handled.value(), 2u);
}

TEST_F(TlsTest, PlainHttpAndSilenceEndTheHandshake) {
  TestServer server({.host = {.tls = context(), .timeouts = {.handshake = Duration::millis(40)}}});
  TestClient plain(server.port());
  plain.send(get("/"));
  EXPECT_EQ(plain.read_answer().status, 0);  // an alert is all it may get
  TestClient silent(server.port());
  EXPECT_TRUE(silent.ended());
  EXPECT_EQ(server.stats().handshakes_failed.value(), 2u);
  EXPECT_EQ(server.stats().requests_handled.value(), 0u);
}

TEST_F(TlsTest, ARefusalIsReadByTheClient) {
  TestServer server({.host = {.tls = context()}});
  TlsClient client(server.port());
  ASSERT_TRUE(client.send("nonsense\r\n\r\n" + std::string(10'000, 'x')));
  EXPECT_NE(client.read_until("expected").find("HTTP/1.1 400 Bad Request"), std::string::npos);
}

}  // namespace
}  // namespace rateguard::http

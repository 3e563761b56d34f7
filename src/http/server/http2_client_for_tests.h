// For tests: a blocking HTTP/2 client over nghttp2's client side, that can also send handmade frames.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rateguard::http {

using Http2Fields = std::vector<std::pair<std::string, std::string>>;

struct Http2Answer {
  Http2Fields head;
  Http2Fields trailers;
  std::string body;
  std::optional<uint32_t> closed;  // the stream's end, with its error code

  // The value of a field of the head, or else of the trailers.
  std::string field(std::string_view name) const {
    for (const auto* fields : {&head, &trailers}) {
      for (const auto& [key, value] : *fields) {
        if (key == name) return value;
      }
    }
    return {};
  }
};

class Http2Client {
 public:
  explicit Http2Client(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    const int at_once = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    start_session();
  }
  ~Http2Client() {
    nghttp2_session_del(session_);
    ::close(socket_);
  }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  bool connected() const { return connected_; }
  nghttp2_session* session() { return session_; }

  // Submits a complete request; returns its stream. It goes out with the next flush() or wait.
  int32_t post(const std::string& path, const std::string& body, const Http2Fields& fields = {}) {
    return submit("POST", path, fields, body, End::kNow);
  }
  // The head of a request whose body is sent with body().
  int32_t open(const std::string& path, const Http2Fields& fields = {}) {
    return submit("POST", path, fields, "", End::kLater);
  }
  // A head of nothing but these fields, pseudo-header fields included, and without a body.
  int32_t head(Http2Fields fields) {
    const std::vector<nghttp2_nv> values = values_of(fields);
    return nghttp2_submit_request(session_, nullptr, values.data(), values.size(), nullptr, nullptr);
  }
  void body(int32_t stream, std::string_view bytes, bool last) {
    Upload& upload = uploads_[stream];
    upload.bytes.append(bytes);
    upload.last = last;
    nghttp2_session_resume_data(session_, stream);
    flush();
  }
  // Fields after the body, which ends with body(). Called before that.
  void trailers(int32_t stream, Http2Fields fields) { uploads_[stream].trailers = std::move(fields); }
  void reset(int32_t stream) { nghttp2_submit_rst_stream(session_, 0, stream, NGHTTP2_CANCEL); }

  bool flush() {
    std::string out;
    const uint8_t* bytes = nullptr;
    for (ssize_t n = 0; (n = nghttp2_session_mem_send(session_, &bytes)) > 0;) {
      out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(n));
    }
    return send_raw(out);
  }
  // Bytes that nghttp2 does not know of.
  bool send_raw(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  // A frame made by hand.
  static std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
    std::string bytes;
    for (const int shift : {16, 8, 0}) bytes += static_cast<char>(payload.size() >> shift);
    bytes += static_cast<char>(type);
    bytes += static_cast<char>(flags);
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(stream >> shift);
    return bytes.append(payload);
  }

  // The answer on a stream, once that is closed; a partial answer if the connection ends first.
  Http2Answer wait(int32_t stream) {
    // The last of the request may end the stream.
    while (!answers_[stream].closed && flush() && !answers_[stream].closed && turn()) {
    }
    return answers_[stream];
  }
  // Runs until `holds` returns true, or the connection ends.
  template <typename Predicate>
  bool wait_until(Predicate holds) {
    while (!holds()) {
      if (!turn()) return holds();
    }
    return true;
  }
  Http2Answer ask(const std::string& path, const std::string& body, const Http2Fields& fields = {}) {
    return wait(post(path, body, fields));
  }
  // Reads until the server closes.
  void wait_for_end() {
    while (turn()) {
    }
  }
  Http2Answer& answer(int32_t stream) { return answers_[stream]; }
  std::optional<uint32_t> goaway() const { return goaway_; }
  int32_t goaway_last_stream() const { return goaway_last_stream_; }
  int pings_acked() const { return pings_acked_; }
  int pings_received() const { return pings_received_; }
  void ping() { nghttp2_submit_ping(session_, 0, nullptr); }

  // Sends pending output, and takes one read of input. False if the connection has ended.
  bool turn() {
    if (!flush()) unsendable_ = true;
    char buffer[16'384];
    const ssize_t received = TEMP_FAILURE_RETRY(::recv(socket_, buffer, sizeof(buffer), 0));
    if (received <= 0) return false;
    find_goaway({buffer, static_cast<size_t>(received)});
    return nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(buffer),
                                    static_cast<size_t>(received)) >= 0;
  }

 private:
  enum class End : uint8_t { kNow, kLater };
  struct Upload {
    std::string bytes;
    size_t sent = 0;
    bool last = false;
    Http2Fields trailers = {};
  };

  // Looks for GOAWAY in what was received, beside nghttp2: it stops reading frames at the first that it did not expect,
  // which the acknowledgement of a handmade SETTINGS is.
  void find_goaway(std::string_view bytes) {
    constexpr size_t kHead = 9, kGoawayType = 7, kGoawayBytesMin = 8;
    unread_.append(bytes);
    size_t begin = 0;
    while (unread_.size() - begin >= kHead) {
      const size_t size = number_at(begin) >> 8;  // 24 bits
      if (unread_.size() - begin < kHead + size) break;
      if (static_cast<uint8_t>(unread_[begin + 3]) == kGoawayType && size >= kGoawayBytesMin) {
        goaway_last_stream_ = static_cast<int32_t>(number_at(begin + kHead));
        goaway_ = number_at(begin + kHead + 4);
      }
      begin += kHead + size;
    }
    unread_.erase(0, begin);
  }
  // The four bytes of `unread_` from `offset` on, in network order.
  uint32_t number_at(size_t offset) const {
    uint32_t number = 0;
    for (size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<uint8_t>(unread_[offset + i]);
    return number;
  }

  static Http2Client& self(void* user) { return *static_cast<Http2Client*>(user); }

  // Borrows the fields' bytes.
  static std::vector<nghttp2_nv> values_of(Http2Fields& fields) {
    std::vector<nghttp2_nv> values;
    for (auto& [name, value] : fields) {
      values.push_back({reinterpret_cast<uint8_t*>(name.data()), reinterpret_cast<uint8_t*>(value.data()), name.size(),
                        value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    return values;
  }

  int32_t submit(const std::string& method, const std::string& path, const Http2Fields& fields, std::string body,
                 End end) {
    Http2Fields all = {{":method", method}, {":scheme", "http"}, {":authority", "test"}, {":path", path}};
    all.insert(all.end(), fields.begin(), fields.end());
    const std::vector<nghttp2_nv> values = values_of(all);
    const nghttp2_data_provider provider{.source = {.ptr = nullptr}, .read_callback = read_upload};
    const int32_t stream = nghttp2_submit_request(session_, nullptr, values.data(), values.size(), &provider, nullptr);
    uploads_[stream] = {.bytes = std::move(body), .sent = 0, .last = end == End::kNow};
    return stream;
  }

  static ssize_t read_upload(nghttp2_session* session, int32_t stream, uint8_t* into, size_t size, uint32_t* flags,
                             nghttp2_data_source*, void* user) {
    Upload& upload = self(user).uploads_[stream];
    const size_t taken = std::min(size, upload.bytes.size() - upload.sent);
    if (taken == 0 && !upload.last) return NGHTTP2_ERR_DEFERRED;
    std::memcpy(into, upload.bytes.data() + upload.sent, taken);
    upload.sent += taken;
    if (!upload.last || upload.sent != upload.bytes.size()) return static_cast<ssize_t>(taken);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!upload.trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const std::vector<nghttp2_nv> values = values_of(upload.trailers);
      nghttp2_submit_trailer(session, stream, values.data(), values.size());
    }
    return static_cast<ssize_t>(taken);
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                       const uint8_t* value, size_t value_size, uint8_t, void* user) {
    Http2Answer& answer = self(user).answers_[frame->hd.stream_id];
    Http2Fields& fields = frame->headers.cat == NGHTTP2_HCAT_RESPONSE ? answer.head : answer.trailers;
    fields.emplace_back(std::string(reinterpret_cast<const char*>(name), name_size),
                        std::string(reinterpret_cast<const char*>(value), value_size));
    return 0;
  }
  static int on_data(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* data, size_t size, void* user) {
    self(user).answers_[stream].body.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }
  static int on_close(nghttp2_session*, int32_t stream, uint32_t code, void* user) {
    self(user).answers_[stream].closed = code;
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Http2Client& client = self(user);
    if (frame->hd.type == NGHTTP2_PING) {
      ++((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 ? client.pings_acked_ : client.pings_received_);
    }
    return 0;
  }

  void start_session() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_option* options = nullptr;
    nghttp2_option_new(&options);
    nghttp2_option_set_max_send_header_block_length(options, 1 << 24);  // nghttp2's own bound is 64 KiB
    nghttp2_session_client_new2(&session_, callbacks, this, options);
    nghttp2_option_del(options);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, 0, nullptr, 0);
  }

  int socket_;
  bool connected_ = false;
  bool unsendable_ = false;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Upload> uploads_;
  std::map<int32_t, Http2Answer> answers_;
  std::string unread_;  // the start of a frame that is not complete yet
  std::optional<uint32_t> goaway_;
  int32_t goaway_last_stream_ = 0;
  int pings_acked_ = 0;
  int pings_received_ = 0;
};

}  // namespace rateguard::http

#include "http/http1/exchange.h"

#include <utility>

#include "base/check.h"
#include "http/http1/session.h"

namespace rateguard::http {

void Http1Exchange::begin(Http1Session& session, std::span<const char> bytes, const Request& request,
                          net::ByteBuffer& out, const Http1Response::Options& options) {
  session_ = &session;
  request_ = request;
  bytes_ = bytes;
  options_ = options;
  set_label(kUnlabelled);
  response_.begin(out, options);
}

// The session's buffers belong to its loop, and other connections may use them before this is answered.
void Http1Exchange::own_request() {
  own_bytes_.assign(bytes_.data(), bytes_.size());
  for (const Header& field : request_.trailers) own_bytes_.append(field.name).append(field.value);
  client_subject_ = request_.client_subject;
  headers_.assign(request_.headers.begin(), request_.headers.end());
  const auto move = [&](std::string_view& view) {
    if (!view.empty()) view = {own_bytes_.data() + (view.data() - bytes_.data()), view.size()};
  };
  for (std::string_view* const view :
       {&request_.method, &request_.target, &request_.path, &request_.query, &request_.body}) {
    move(*view);
  }
  for (Header& header : headers_) {
    move(header.name);
    move(header.value);
  }
  request_.headers = headers_;
  // The trailers' texts are the parser's, which is used again.
  trailers_.assign(request_.trailers.begin(), request_.trailers.end());
  const char* text = own_bytes_.data() + bytes_.size();
  for (Header& field : trailers_) {
    field.name = {text, field.name.size()};
    field.value = {text + field.name.size(), field.value.size()};
    text += field.name.size() + field.value.size();
  }
  request_.trailers = trailers_;
  request_.client_subject = client_subject_;
}

KeptExchange Http1Exchange::keep(ExchangeEvents* events) {
  RG_CHECK(!kept_);
  kept_ = true;
  events_ = events;
  own_request();
  options_.date = {};
  response_.begin(out_, options_);
  KeptExchange kept(this);
  session_->exchange_kept(*this);
  return kept;
}

// Both the answer's time and its Connection field are decided when it begins: the server may be draining by then.
void Http1Exchange::status(int code) {
  if (kept_ && session_ != nullptr) {
    date_ = session_->date();
    options_.date = date_.at(session_->now().wall());
    if (session_->draining()) options_.after = AfterResponse::kClose;
    response_.begin(out_, options_);
  }
  response_.status(code);
}

void Http1Exchange::finish() {
  RG_DCHECK(kept_);
  if (!raw_) {
    if (response_.code() == 0) status(500);
    response_.finish();
  }
  if (session_ != nullptr) std::exchange(session_, nullptr)->answered(*this, out_.view());
  out_.release();
}

void Http1Exchange::receive() {
  RG_DCHECK(kept_ && events_ != nullptr);
  if (session_ != nullptr) session_->receive_body();
}

void Http1Exchange::consume(size_t bytes) {
  if (session_ != nullptr) session_->body_consumed(bytes);
}

void Http1Exchange::inform(int code, std::span<const Header> headers) {
  if (request_.version == Version::k10) return;
  response_.interim(code, headers);
  if (kept_) flush();
}

void Http1Exchange::write(std::string_view bytes) {
  if (session_ == nullptr) return;
  raw_ ? out_.append(bytes) : response_.write(bytes);
}

void Http1Exchange::trailer(std::string_view name, std::string_view value) {
  if (session_ != nullptr && !raw_) response_.trailer(name, value);
}

void Http1Exchange::flush() {
  if (session_ == nullptr || !kept_) return;
  if (!raw_ && response_.code() != 0) response_.begin_content();
  session_->send(out_.view());
  out_.clear();
}

size_t Http1Exchange::waiting_bytes() const {
  return out_.size() + (session_ == nullptr || !kept_ ? 0 : session_->waiting());
}

bool Http1Exchange::upgrade(std::string_view protocol, std::span<const Header> headers) {
  RG_DCHECK(kept_ && response_.code() == 0);
  if (request_.version != Version::k11) return false;
  response_.interim(101, headers, protocol);
  raw_ = true;
  if (session_ != nullptr) session_->upgrade();
  flush();
  return true;
}

void Http1Exchange::forget_session() {
  session_ = nullptr;
  if (events_ != nullptr) events_->client_gone(*this);
}

void Http1Exchange::let_go() {
  if (session_ != nullptr) std::exchange(session_, nullptr)->abandoned();
  delete this;
}

}  // namespace rateguard::http

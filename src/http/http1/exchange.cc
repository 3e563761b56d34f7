#include "http/http1/exchange.h"

#include <utility>

#include "http/http1/session.h"

namespace rateguard::http {

Http1Exchange::Http1Exchange(HttpSession& session, std::string_view bytes, const HttpRequest& request,
                             AfterResponse after, Content content)
    : session_(&session),
      bytes_(bytes),
      client_subject_(request.client_subject),
      headers_(request.headers.begin(), request.headers.end()),
      request_(request),
      after_(after),
      content_(content) {
  const auto move = [&](std::string_view& view) { view = {bytes_.data() + (view.data() - bytes.data()), view.size()}; };
  for (std::string_view* const view :
       {&request_.method, &request_.target, &request_.path, &request_.query, &request_.body}) {
    move(*view);
  }
  for (Header& header : headers_) {
    move(header.name);
    move(header.value);
  }
  request_.headers = headers_;
  request_.client_subject = client_subject_;
}

Http1Exchange::~Http1Exchange() {
  if (session_ != nullptr) session_->abandoned();
}

// An answer is of the time when it begins, and so is what becomes of the connection: it may be drained by now.
void Http1Exchange::status(int code) {
  Http1Response::Options options{.date = {}, .after = after_, .content = content_};
  if (session_ != nullptr) {
    date_ = session_->date();
    options.date = date_.at(session_->now().wall());
    if (session_->draining()) options.after = after_ = AfterResponse::kClose;
  }
  response_.emplace(out_, options).status(code);
}

void Http1Exchange::finish() {
  if (!response_) status(500);
  response_->finish();
  if (session_ != nullptr) std::exchange(session_, nullptr)->answered(out_.view(), after_);
}

}  // namespace rateguard::http

// Walks over JSON text (RFC 8259) that comes in pieces, and tells each value with its place: "usage.prompt_tokens",
// "choices[].delta.content". Memory is constant but for the place and the text of a number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rateguard::usage {

enum class JsonScalar : uint8_t { kNumber, kTrue, kFalse, kNull };

// Hears what is in the text, in its order. Views are valid during the call. `place` names the members on the way to a
// value, without quoting: what is looked for has no dots in its names. Places longer than 256 bytes are cut.
class JsonVisitor {
 public:
  virtual ~JsonVisitor() = default;
  virtual void object_begins(std::string_view) {}
  virtual void array_begins(std::string_view) {}
  virtual void array_ends(std::string_view) {}
  // `text` as it is written, for a number.
  virtual void scalar(std::string_view, JsonScalar, std::string_view) {}
  // More of a string, unescaped.
  virtual void text_piece(std::string_view, std::string_view) {}
  virtual void text_ends(std::string_view) {}
};

class JsonWalker {
 public:
  explicit JsonWalker(JsonVisitor& visitor);  // which outlives it
  ~JsonWalker();
  JsonWalker(const JsonWalker&) = delete;
  JsonWalker& operator=(const JsonWalker&) = delete;

  // False from the first byte on that is not JSON: then nothing more is told.
  bool read(std::string_view bytes);
  // There are no more bytes. False if the text was not whole.
  bool finish();
  // How many bytes are JSON, once one is not; of all that was read, if they are only not enough.
  size_t wrong_at() const;
  // For another text.
  void reset();

  // Structures in one another: more than a provider's answer or a tool's schema has.
  static constexpr size_t kDepthMax = 128;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace rateguard::usage

// Fields of records that are one of a few words. The words are stored: they never change.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rateguard::catalog {

// The words of an enum, in its order.
template <typename E>
struct ChoiceWords;

// What a member may do (docs/decisions/0040).
enum class MemberRole : uint8_t { kOwner, kAdmin, kBilling, kViewer };
template <>
struct ChoiceWords<MemberRole> {
  static constexpr std::array<std::string_view, 4> kWords = {"owner", "admin", "billing", "viewer"};
};

// Whether a workspace, a member or a rule counts at present.
enum class RecordState : uint8_t { kActive, kSuspended };
template <>
struct ChoiceWords<RecordState> {
  static constexpr std::array<std::string_view, 2> kWords = {"active", "suspended"};
};

enum class TokenPurpose : uint8_t {
  kApi,    // a machine's token for the admin API
  kSetup,  // the link that makes the first owner, once
};
template <>
struct ChoiceWords<TokenPurpose> {
  static constexpr std::array<std::string_view, 2> kWords = {"api", "setup"};
};

enum class BudgetUnit : uint8_t { kNanoDollars, kTokens };
template <>
struct ChoiceWords<BudgetUnit> {
  static constexpr std::array<std::string_view, 2> kWords = {"nano_dollars", "tokens"};
};

enum class BudgetPeriod : uint8_t { kDay, kWeek, kMonth, kTotal };
template <>
struct ChoiceWords<BudgetPeriod> {
  static constexpr std::array<std::string_view, 4> kWords = {"day", "week", "month", "total"};
};

enum class BudgetMode : uint8_t { kHard, kSoft };
template <>
struct ChoiceWords<BudgetMode> {
  static constexpr std::array<std::string_view, 2> kWords = {"hard", "soft"};
};

// What happens to a request whose price nobody knows.
enum class UnknownPrice : uint8_t { kBlock, kDefault, kAllow };
template <>
struct ChoiceWords<UnknownPrice> {
  static constexpr std::array<std::string_view, 3> kWords = {"block", "default", "allow"};
};

enum class ChannelKind : uint8_t { kWebhook, kSlack, kEmail };
template <>
struct ChoiceWords<ChannelKind> {
  static constexpr std::array<std::string_view, 3> kWords = {"webhook", "slack", "email"};
};

template <typename E>
concept IsChoice = requires { ChoiceWords<E>::kWords; };

template <IsChoice E>
constexpr std::string_view choice_word(E value) {
  return ChoiceWords<E>::kWords[static_cast<size_t>(value)];
}

template <IsChoice E>
constexpr std::optional<E> parse_choice(std::string_view word) {
  for (size_t i = 0; i < ChoiceWords<E>::kWords.size(); ++i) {
    if (ChoiceWords<E>::kWords[i] == word) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace rateguard::catalog

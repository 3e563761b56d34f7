// The rules that this instance decides by, for who asks what holds for a key.
#pragma once

#include <memory>
#include <utility>

#include "base/mutex.h"
#include "rules/rule_set.h"

namespace rateguard::admin {

// Any thread.
class RulesOfInstance {
 public:
  void set(std::shared_ptr<const rules::RuleSet> rules) {
    const HeldLock lock(mutex_);
    rules_ = std::move(rules);
  }
  // Null: none are known.
  std::shared_ptr<const rules::RuleSet> get() const {
    const HeldLock lock(mutex_);
    return rules_;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const rules::RuleSet> rules_ RG_GUARDED_BY(mutex_);
};

}  // namespace rateguard::admin

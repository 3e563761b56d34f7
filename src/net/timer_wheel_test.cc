#include "net/timer_wheel.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <functional>
#include <memory>
#include <vector>

namespace rateguard::net {
namespace {

struct Entry final : WheelEntry {
  std::function<void()> fire = [] {};
  void on_timeout() override { fire(); }
};

TEST(TimerWheel, IsNeverEarlyAndAtMostOneTickLate) {
  for (const Tick ticks : {Tick{0}, Tick{1}, Tick{7}, Tick{510}, Tick{511}, Tick{512}, Tick{513}, Tick{5'000}}) {
    TimerWheel wheel;
    wheel.advance(333);
    Entry entry;
    Tick fired = 0;
    entry.fire = [&] { fired = wheel.now(); };
    wheel.arm(entry, ticks);
    wheel.advance(ticks);
    EXPECT_EQ(fired, 0u) << ticks;
    wheel.advance(1);
    EXPECT_EQ(fired, 333 + ticks + 1) << ticks;
    EXPECT_FALSE(entry.armed());
  }
}

TEST(TimerWheel, ADeadlineCanBeMovedBothWays) {
  TimerWheel wheel;
  Entry entry;
  int fired = 0;
  entry.fire = [&] { ++fired; };
  wheel.arm(entry, 100);
  wheel.advance(50);
  wheel.arm(entry, 100);
  wheel.advance(100);
  EXPECT_EQ(fired, 0);
  wheel.arm(entry, 2);  // sooner
  wheel.advance(3);
  EXPECT_EQ(fired, 1);
  wheel.advance(2'000);
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, ACallbackMayDestroyTheNextEntryOfItsSlot) {
  TimerWheel wheel;
  Entry first;
  auto second = std::make_unique<Entry>();
  bool second_fired = false;
  second->fire = [&] { second_fired = true; };
  first.fire = [&] {
    wheel.disarm(*second);
    second.reset();
    wheel.arm(first, 0);
    first.fire = [] {};
  };
  wheel.arm(first, 5);
  wheel.arm(*second, 5);
  wheel.advance(6);
  EXPECT_FALSE(second_fired);
  EXPECT_TRUE(first.armed());
  wheel.advance(1);
  EXPECT_FALSE(first.armed());
}

TEST(TimerWheel, AgreesWithAListOfDeadlines) {
  EXPECT_TRUE(rc::check("model", [] {
    TimerWheel wheel;
    std::vector<std::unique_ptr<Entry>> entries;
    std::vector<Tick> model(8, 0);  // 0: not armed
    std::vector<Tick> fired(8, 0);
    for (size_t i = 0; i < model.size(); ++i) {
      entries.push_back(std::make_unique<Entry>());
      entries.back()->fire = [&, i] { fired[i] = wheel.now(); };
    }
    for (int step = 0; step < 100; ++step) {
      const auto i = static_cast<size_t>(*rc::gen::inRange(0, 8));
      switch (*rc::gen::inRange(0, 3)) {
        case 0: {
          const auto ticks = static_cast<Tick>(*rc::gen::inRange(0, 1'500));
          wheel.arm(*entries[i], ticks);
          model[i] = wheel.now() + ticks + 1;
          break;
        }
        case 1:
          wheel.disarm(*entries[i]);
          model[i] = 0;
          break;
        default:
          fired.assign(8, 0);
          wheel.advance(static_cast<Tick>(*rc::gen::inRange(0, 400)));
          for (size_t k = 0; k < model.size(); ++k) {
            const bool due = model[k] != 0 && model[k] <= wheel.now();
            RC_ASSERT(fired[k] == (due ? model[k] : 0));
            if (due) model[k] = 0;
          }
      }
    }
    for (auto& entry : entries) wheel.disarm(*entry);
  }));
}

}  // namespace
}  // namespace rateguard::net

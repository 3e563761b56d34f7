// A separate stack for work that may have to give way. Includes Boost.Context: for net/tasks.cc alone.
#pragma once

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstddef>
#include <functional>
#include <utility>

namespace rateguard::net {

// Runs one piece of work after another, on one thread.
class TaskStack {
 public:
  using Work = std::move_only_function<void()>;

  explicit TaskStack(size_t stack_bytes);
  // Work that has given way is unwound where it stands.
  ~TaskStack();
  TaskStack(const TaskStack&) = delete;
  TaskStack& operator=(const TaskStack&) = delete;

  // Whether it may be given work.
  bool is_idle() const { return !work_; }
  // For the next enter(). REQUIRES: is_idle().
  void assign(Work work) { work_ = std::move(work); }
  // Called from outside: continues the work where it stands, until it ends or gives way. REQUIRES: not is_idle().
  void enter();
  // Called from inside: returns to the caller of enter().
  void give_way();

 private:
  // What a sanitizer has to be told about one side of a switch of stacks; empty without a sanitizer.
  struct Side {
    const void* bottom = nullptr;
    size_t bytes = 0;
    void* fake_stack = nullptr;
    void* thread = nullptr;

    // Called on the side that is left, before the switch.
    void leave_for(const Side& other);
    // As leave_for(), if this side will never be continued.
    void leave_for_good(const Side& other);
    // Called on the side that is continued, after the switch.
    void arrive_from(Side& other);
  };
  // Notes where the stack lies, for the sanitizers.
  struct NotingStack {
    boost::context::protected_fixedsize_stack stack;
    TaskStack* owner;
    boost::context::stack_context allocate();
    void deallocate(boost::context::stack_context& context);
  };
  // What runs on it.
  struct Body {
    TaskStack* stack;
    boost::context::fiber operator()(boost::context::fiber&& caller) const;
  };

  void begin_switch();
  void end_switch();

  Side inside_;
  Side outside_;
  bool ends_ = false;
  Work work_;
  boost::context::fiber fiber_;  // the caller while the work runs, else the work
};

}  // namespace rateguard::net

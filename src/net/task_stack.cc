#include "net/task_stack.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RATEGUARD_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define RATEGUARD_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define RATEGUARD_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define RATEGUARD_TSAN 1
#endif

#if defined(RATEGUARD_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(RATEGUARD_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace rateguard::net {

void TaskStack::Side::leave_for([[maybe_unused]] const Side& other) {
#if defined(RATEGUARD_ASAN)
  __sanitizer_start_switch_fiber(&fake_stack, other.bottom, other.bytes);
#endif
#if defined(RATEGUARD_TSAN)
  __tsan_switch_to_fiber(other.thread, 0);
#endif
}

void TaskStack::Side::leave_for_good([[maybe_unused]] const Side& other) {
#if defined(RATEGUARD_ASAN)
  __sanitizer_start_switch_fiber(nullptr, other.bottom, other.bytes);
#endif
#if defined(RATEGUARD_TSAN)
  __tsan_switch_to_fiber(other.thread, 0);
#endif
}

void TaskStack::Side::arrive_from([[maybe_unused]] Side& other) {
#if defined(RATEGUARD_ASAN)
  __sanitizer_finish_switch_fiber(fake_stack, &other.bottom, &other.bytes);
#endif
}

boost::context::stack_context TaskStack::NotingStack::allocate() {
  const auto context = stack.allocate();
  owner->inside_.bottom = static_cast<char*>(context.sp) - context.size;
  owner->inside_.bytes = context.size;
  return context;
}

// AddressSanitizer keeps what it knew of the frames after the pages are unmapped, and would hold it against whatever is
// mapped there next.
void TaskStack::NotingStack::deallocate(boost::context::stack_context& context) {
#if defined(RATEGUARD_ASAN)
  __asan_unpoison_memory_region(owner->inside_.bottom, owner->inside_.bytes);
#endif
  stack.deallocate(context);
}

boost::context::fiber TaskStack::Body::operator()(boost::context::fiber&& caller) const {
  struct Goodbye {
    TaskStack* stack;
    ~Goodbye() { stack->inside_.leave_for_good(stack->outside_); }
  };
  stack->inside_.arrive_from(stack->outside_);
  stack->fiber_ = std::move(caller);
  const Goodbye goodbye{stack};
  while (!stack->ends_) {
    stack->work_();
    stack->work_ = nullptr;
    stack->give_way();
  }
  return std::move(stack->fiber_);
}

TaskStack::TaskStack(size_t stack_bytes)
    : fiber_(std::allocator_arg, NotingStack{boost::context::protected_fixedsize_stack(stack_bytes), this},
             Body{this}) {
#if defined(RATEGUARD_TSAN)
  inside_.thread = __tsan_create_fiber(0);
#endif
}

// If idle, the body returns; if the work has given way, the fiber's destructor unwinds it.
TaskStack::~TaskStack() {
  ends_ = true;
  begin_switch();
  if (is_idle()) {
    fiber_ = std::move(fiber_).resume();
  } else {
    boost::context::fiber unwound = std::move(fiber_);
  }
  end_switch();
#if defined(RATEGUARD_TSAN)
  __tsan_destroy_fiber(inside_.thread);
#endif
}

void TaskStack::enter() {
  begin_switch();
  fiber_ = std::move(fiber_).resume();
  end_switch();
}

void TaskStack::give_way() {
  struct Arrival {
    TaskStack* stack;
    ~Arrival() { stack->inside_.arrive_from(stack->outside_); }
  };
  const Arrival arrival{this};
  inside_.leave_for(outside_);
  fiber_ = std::move(fiber_).resume();
}

void TaskStack::begin_switch() {
#if defined(RATEGUARD_TSAN)
  outside_.thread = __tsan_get_current_fiber();
#endif
  outside_.leave_for(inside_);
}

void TaskStack::end_switch() {
  Side unused;
  outside_.arrive_from(unused);
}

}  // namespace rateguard::net

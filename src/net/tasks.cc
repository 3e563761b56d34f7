#include "net/tasks.h"

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <utility>

#include "base/check.h"

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
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(RATEGUARD_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace rateguard::net {

namespace {

// What a sanitizer has to be told of one side of a switch of stacks; nothing where there is none.
struct Side {
  const void* bottom = nullptr;
  size_t bytes = 0;
  void* fake_stack = nullptr;
  void* thread = nullptr;

  // Called on the side that is left, before the switch.
  void leave_for([[maybe_unused]] const Side& other) {
#if defined(RATEGUARD_ASAN)
    __sanitizer_start_switch_fiber(&fake_stack, other.bottom, other.bytes);
#endif
#if defined(RATEGUARD_TSAN)
    __tsan_switch_to_fiber(other.thread, 0);
#endif
  }
  // The same where nothing will ever go on with this side.
  void leave_for_good([[maybe_unused]] const Side& other) {
#if defined(RATEGUARD_ASAN)
    __sanitizer_start_switch_fiber(nullptr, other.bottom, other.bytes);
#endif
#if defined(RATEGUARD_TSAN)
    __tsan_switch_to_fiber(other.thread, 0);
#endif
  }
  // Called on the side that is gone on with, after it.
  void arrive_from([[maybe_unused]] Side& other) {
#if defined(RATEGUARD_ASAN)
    __sanitizer_finish_switch_fiber(fake_stack, &other.bottom, &other.bytes);
#endif
  }
};

}  // namespace

struct Tasks::Task {
  explicit Task(size_t stack_bytes) : fiber(std::allocator_arg, make_stack(stack_bytes), Body{this}) {
#if defined(RATEGUARD_TSAN)
    inside.thread = __tsan_create_fiber(0);
#endif
  }
  // An idle one returns from its body; one that waits is unwound by its fiber's destructor.
  ~Task() {
    ends = true;
    begin_switch();
    if (!work) {
      fiber = std::move(fiber).resume();
    } else {
      boost::context::fiber unwound = std::move(fiber);
    }
    end_switch();
#if defined(RATEGUARD_TSAN)
    __tsan_destroy_fiber(inside.thread);
#endif
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  // What runs on the stack: one piece of work after the other.
  struct Body {
    Task* task;
    boost::context::fiber operator()(boost::context::fiber&& caller) const {
      struct Goodbye {
        Task* task;
        ~Goodbye() { task->inside.leave_for_good(task->outside); }
      };
      task->inside.arrive_from(task->outside);
      task->fiber = std::move(caller);
      const Goodbye goodbye{task};
      while (!task->ends) {
        task->work();
        task->work = nullptr;
        task->give_way();
      }
      return std::move(task->fiber);
    }
  };

  // From outside: to where the task waits, and back when it gives way.
  void enter() {
    begin_switch();
    fiber = std::move(fiber).resume();
    end_switch();
  }
  // From inside: to whoever entered it.
  void give_way() {
    struct Arrival {
      Task* task;
      ~Arrival() { task->inside.arrive_from(task->outside); }
    };
    const Arrival arrival{this};
    inside.leave_for(outside);
    fiber = std::move(fiber).resume();
  }

  void begin_switch() {
#if defined(RATEGUARD_TSAN)
    outside.thread = __tsan_get_current_fiber();
#endif
    outside.leave_for(inside);
  }
  void end_switch() {
    Side unused;
    outside.arrive_from(unused);
  }

  // Notes the stack's place for the sanitizers.
  struct NotingStack {
    boost::context::protected_fixedsize_stack stack;
    Task* task;
    boost::context::stack_context allocate() {
      const auto context = stack.allocate();
      task->inside.bottom = static_cast<char*>(context.sp) - context.size;
      task->inside.bytes = context.size;
      return context;
    }
    void deallocate(boost::context::stack_context& context) { stack.deallocate(context); }
  };
  NotingStack make_stack(size_t bytes) { return {boost::context::protected_fixedsize_stack(bytes), this}; }

  Side inside;
  Side outside;
  bool ends = false;
  Work work;                    // empty: none, it may be given some
  boost::context::fiber fiber;  // while it runs, who entered it; else itself
};

Tasks::Tasks(TasksOptions options) : options_(options) {}

Tasks::~Tasks() {
  RG_CHECK(current_ == nullptr);
}

Tasks::Task& Tasks::idle_task() {
  if (idle_.empty()) return *all_.emplace_back(std::make_unique<Task>(options_.stack_bytes));
  Task* const task = idle_.back();
  idle_.pop_back();
  return *task;
}

void Tasks::run(Work work) {
  if (running() >= options_.running_max) return queued_.push_back(std::move(work));
  Task& task = idle_task();
  task.work = std::move(work);
  enter(task);
}

void Tasks::wait() {
  RG_CHECK(current_ != nullptr);
  current_->give_way();
}

void Tasks::resume(Task& task) {
  RG_CHECK(&task != current_ && task.work);
  enter(task);
}

void Tasks::enter(Task& task) {
  Task* const caller = std::exchange(current_, &task);
  task.enter();
  current_ = caller;
  if (!task.work) idle_.push_back(&task);
  // Not from within another task, whose stack would have to bear the whole queue's turns.
  if (current_ == nullptr && !begins_queued_) begin_queued();
}

void Tasks::begin_queued() {
  begins_queued_ = true;
  while (!queued_.empty() && running() < options_.running_max) {
    Work work = std::move(queued_.front());
    queued_.pop_front();
    run(std::move(work));
  }
  begins_queued_ = false;
  while (idle_.size() > options_.idle_max) {
    std::erase_if(all_, [&](const auto& each) { return each.get() == idle_.back(); });
    idle_.pop_back();
  }
}

}  // namespace rateguard::net

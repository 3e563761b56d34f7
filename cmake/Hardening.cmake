# What makes a memory error of the shipped program harder to use (https://best.openssf.org/Compiler-Hardening-Guides):
# stack protector, checked libc calls, control-flow protection, and a global offset table that is read-only once the
# program runs. Of the Release configuration only: the others have assertions and sanitizers. tools/check_hardening looks
# at what came out.
option(RATEGUARD_HARDEN "Harden the Release configuration" ON)
if(RATEGUARD_HARDEN AND CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT RATEGUARD_SANITIZE)
  add_compile_options(-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    add_compile_options(-fcf-protection)
  endif()
  add_link_options(-Wl,-z,relro -Wl,-z,now)
  set(RATEGUARD_CHECK_HARDENING ON)
endif()

# No paths of the machine that it was built on: the same sources make the same program anywhere. While linking, too: with
# link-time optimisation that is when code is made.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
  add_link_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
endif()

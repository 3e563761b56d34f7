# Language level, warnings and the tools that make builds quick where they are present.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

find_program(RATEGUARD_CCACHE ccache)
if(RATEGUARD_CCACHE)
  # ccache takes part in precompiled headers only where it is told that it may: their macros and the times in them do not
  # matter here. It learns what a file includes from the compiler (CCACHE_DEPEND), instead of preprocessing each file itself.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_DEPEND=1 ${RATEGUARD_CCACHE})
endif()

# mold links gcc's LTO objects too, but only through gcc's own plugin; the plain linker does LTO with fewer surprises.
find_program(RATEGUARD_MOLD mold)
if(RATEGUARD_MOLD AND NOT CMAKE_INTERPROCEDURAL_OPTIMIZATION)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # 128-bit integers are what exact products of a rate and a time need; GCC calls them pedantic.
  add_compile_options(-Wno-pedantic)
  # GCC looks for garbage each time its memory has doubled, which takes it a tenth of the time for a file full of
  # templates. With 100 MB more it need not.
  add_compile_options("SHELL:--param ggc-min-expand=1000" "SHELL:--param ggc-min-heapsize=1000000")
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # What GCC, the compiler that everybody builds with, does not count to -Wconversion, and what GCC's library itself does.
  add_compile_options(-Wno-sign-conversion -Wno-deprecated-declarations)
endif()
option(RATEGUARD_WERROR "Warnings are errors" ON)
if(RATEGUARD_WERROR)
  add_compile_options(-Werror)
endif()

# Sanitizers: a semicolon list for -fsanitize, set by the presets.
set(RATEGUARD_SANITIZE "" CACHE STRING "Sanitizers to build with, such as address,undefined")
if(RATEGUARD_SANITIZE)
  add_compile_options(-fsanitize=${RATEGUARD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RATEGUARD_SANITIZE})
  if(RATEGUARD_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # Asio's fences, which GCC's ThreadSanitizer does not follow; Asio locks where we share
  endif()
endif()

# How long one test may take before it counts as hung. Instrumented programs are 5 to 15 times slower.
set(RATEGUARD_TEST_SECONDS_MAX 600)
if(RATEGUARD_SANITIZE)
  set(RATEGUARD_TEST_SECONDS_MAX 5400)
endif()

include(Hardening)

# Headers that the compiler reads once for all test programs, instead of in each of their files: reading gtest, rapidcheck and
# the standard library was a third of the work of building the tests.
#
# Only what is third-party or the standard library's: a header of ours in here would rebuild every test with each edit. Module
# sources have none of this, so that an x.cc which compiles proves that its x.h includes what it needs.
option(RATEGUARD_PRECOMPILE "Precompile the headers that tests share" OFF)

# What a library's pkg-config file defines for some tests has to be defined for all, and for the precompiled headers, or
# gcc does not take them. This one, hiredis's, changes nothing where a file's offset has 64 bits anyway.
set(test_header_definitions _FILE_OFFSET_BITS=64)

if(RATEGUARD_TESTS AND RATEGUARD_PRECOMPILE)
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
  find_package(fmt REQUIRED)
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/test_headers.cc CONTENT "")
  add_library(test_headers OBJECT ${CMAKE_BINARY_DIR}/test_headers.cc)
  # Compiled as the files of a program are: gcc takes no precompiled header that was made with other flags.
  set_target_properties(test_headers PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(test_headers PRIVATE -fPIE)
  target_compile_definitions(test_headers PRIVATE ${test_header_definitions})
  target_link_libraries(test_headers PRIVATE GTest::gtest rapidcheck fmt::fmt Threads::Threads)
  target_precompile_headers(test_headers PRIVATE
    <algorithm> <array> <chrono> <cstdint> <expected> <filesystem> <fstream> <functional> <map> <memory> <optional> <set>
    <span> <string> <string_view> <thread> <unordered_map> <variant> <vector> <gtest/gtest.h> <rapidcheck.h> <fmt/format.h>)
endif()

# rg_precompiled_tests(program): its files include gtest.
function(rg_precompiled_tests program)
  if(TARGET test_headers)
    target_compile_definitions(${program} PRIVATE ${test_header_definitions})
    target_precompile_headers(${program} REUSE_FROM test_headers)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # Inlined std::string code makes gcc 12 see overruns that are none; it hushes them in system headers, but not in
      # precompiled ones. AddressSanitizer finds those that are.
      target_compile_options(${program} PRIVATE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
    endif()
  endif()
endfunction()

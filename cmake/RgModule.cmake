# rg_module(path DEPS ... EXTERNAL ...): one folder below src/ is one static library.
#
# DEPS name modules declared before this one, so a dependency cycle cannot be written; tests/structure compares
# every #include with them. EXTERNAL names the third-party targets; the first include of their headers elsewhere is
# a failing test. The suffix of a file decides its role:
#   x.cc       part of the library
#   x_test.cc  part of the module's test program (a ctest case per module)
#   x_bench.cc a program of its own, built with RATEGUARD_BENCH
#   x_testing.cc   help for tests, this module's and those that depend on it; in no library that is shipped
#   x_fuzz.cc  a program of its own: libFuzzer's with RATEGUARD_FUZZ, else it replays fuzz/corpus/x as a test
#
# APART names files that are compiled each by itself. The dev preset compiles four files at a time as one (CMake's unity
# build), which saves a third of a cold build; two files that have private names in common, of which the compiler then
# says that one is defined twice, cannot be among them.
set_property(GLOBAL PROPERTY RG_MODULES "")

function(rg_module path)
  cmake_parse_arguments(ARG "" "" "DEPS;EXTERNAL;TEST_DEPS;TEST_EXTERNAL;APART" ${ARGN})
  string(REPLACE "/" "_" short ${path})
  set(target rg_${short})
  set(dir ${CMAKE_SOURCE_DIR}/src/${path})
  list(TRANSFORM ARG_APART PREPEND ${dir}/)
  set_source_files_properties(${ARG_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)

  get_property(declared GLOBAL PROPERTY RG_MODULES)
  foreach(dep IN LISTS ARG_DEPS)
    if(NOT dep IN_LIST declared)
      message(FATAL_ERROR "rg_module(${path}): '${dep}' is not declared above it; dependencies go downwards only")
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY RG_MODULES ${path})

  file(GLOB all CONFIGURE_DEPENDS ${dir}/*.cc)
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "_(test|testing|bench|fuzz)\\.cc$")
  set(helpers ${all})
  list(FILTER helpers INCLUDE REGEX "_testing\\.cc$")
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(benches ${all})
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")
  set(fuzzers ${all})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")

  if(sources)
    add_library(${target} STATIC ${sources})
    rg_precompiled(${target})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${CMAKE_SOURCE_DIR}/src)
  foreach(dep IN LISTS ARG_DEPS)
    string(REPLACE "/" "_" dep_short ${dep})
    target_link_libraries(${target} ${scope} rg_${dep_short})
  endforeach()
  target_link_libraries(${target} ${scope} ${ARG_EXTERNAL} Threads::Threads)
  set(test_deps ${ARG_TEST_DEPS})
  list(TRANSFORM test_deps REPLACE "/" "_")
  list(TRANSFORM test_deps PREPEND rg_)

  if(RATEGUARD_TESTS AND helpers)
    add_library(${target}_testing STATIC ${helpers})
    target_link_libraries(${target}_testing PUBLIC ${target})
    rg_precompiled(${target}_testing)
  endif()

  if(RATEGUARD_TESTS AND tests)
    add_executable(${short}_test ${tests})
    target_link_libraries(${short}_test PRIVATE ${target} GTest::gtest_main rapidcheck)
    foreach(dep IN LISTS path ARG_DEPS ARG_TEST_DEPS)
      string(REPLACE "/" "_" dep_short ${dep})
      target_link_libraries(${short}_test PRIVATE rg_${dep_short} $<TARGET_NAME_IF_EXISTS:rg_${dep_short}_testing>)
    endforeach()
    target_link_libraries(${short}_test PRIVATE ${ARG_TEST_EXTERNAL})
    rg_precompiled_tests(${short}_test)
    add_test(NAME ${path} COMMAND ${short}_test --gtest_brief=1)
    set_tests_properties(${path} PROPERTIES LABELS unit TIMEOUT ${RATEGUARD_TEST_SECONDS_MAX})
  endif()

  if(RATEGUARD_BENCH)
    foreach(file IN LISTS benches)
      get_filename_component(name ${file} NAME_WE)
      add_executable(${name} ${file})
      target_link_libraries(${name} PRIVATE ${target} benchmark::benchmark)
    endforeach()
  endif()

  foreach(file IN LISTS fuzzers)
    get_filename_component(name ${file} NAME_WE)
    rg_fuzzer(${name} ${file} ${target} ${test_deps})
  endforeach()
endfunction()

# The main() of every replay, compiled once.
if(RATEGUARD_TESTS AND NOT RATEGUARD_FUZZ)
  add_library(fuzz_replay OBJECT ${CMAKE_SOURCE_DIR}/fuzz/replay.cc)
endif()

# rg_fuzzer(name file libraries...): a libFuzzer program, or a replay of its corpus as an ordinary test.
function(rg_fuzzer name file)
  string(REGEX REPLACE "_fuzz$" "" corpus ${name})
  if(RATEGUARD_FUZZ)
    add_executable(${name} ${file})
    target_link_libraries(${name} PRIVATE ${ARGN} -fsanitize=fuzzer)
  elseif(RATEGUARD_TESTS)
    add_executable(${name} ${file})
    target_link_libraries(${name} PRIVATE ${ARGN} fuzz_replay)
    rg_precompiled(${name})
    add_test(NAME fuzz/${corpus} COMMAND ${name} ${CMAKE_SOURCE_DIR}/fuzz/corpus/${corpus})
    set_tests_properties(fuzz/${corpus} PROPERTIES LABELS fuzz TIMEOUT ${RATEGUARD_TEST_SECONDS_MAX})
  endif()
endfunction()

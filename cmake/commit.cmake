# cmake -D SOURCE_DIR=... -D OUTPUT=... -P commit.cmake: writes the header that names the commit, and leaves it alone where
# it says so already, so that nothing is compiled again without a reason. RATEGUARD_COMMIT in the environment says it where the
# sources come without their history, as in the build of an image.
execute_process(COMMAND git -C ${SOURCE_DIR} describe --always --dirty --abbrev=12 --match=no-tag
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR commit STREQUAL "")
  set(commit unknown)  # an archive of the sources
  if("$ENV{RATEGUARD_COMMIT}" MATCHES "^[0-9a-f]+(-dirty)?$")
    set(commit $ENV{RATEGUARD_COMMIT})
  endif()
endif()
set(text "#define RATEGUARD_COMMIT \"${commit}\"\n")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
  if(before STREQUAL text)
    return()
  endif()
endif()
file(WRITE ${OUTPUT} "${text}")

# cmake -D SOURCE_DIR=... -D OUTPUT=... -P commit.cmake: writes the header that names the commit, and leaves it alone where
# it says so already, so that nothing is compiled again without a reason.
execute_process(COMMAND git -C ${SOURCE_DIR} describe --always --dirty --abbrev=12 --match=no-tag
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR commit STREQUAL "")
  set(commit unknown)  # an archive of the sources
endif()
set(text "#define RATEGUARD_COMMIT \"${commit}\"\n")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
  if(before STREQUAL text)
    return()
  endif()
endif()
file(WRITE ${OUTPUT} "${text}")

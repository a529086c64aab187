# SPDX-License-Identifier: MIT
#
# For tests and examples that are built against single_include/: they include headers by name, and
# each name that single_include/ doesn't have leads to orcast.hpp, which has them all.

set(orcast_forward "${PROJECT_BINARY_DIR}/forward")
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/include"
  "${PROJECT_SOURCE_DIR}/include/orcast/*.hpp")
foreach(header IN LISTS headers)
  if(NOT EXISTS "${PROJECT_SOURCE_DIR}/single_include/${header}" AND
     NOT EXISTS "${orcast_forward}/${header}")
    file(WRITE "${orcast_forward}/${header}" "#include \"orcast/orcast.hpp\"\n")
  endif()
endforeach()
include_directories("${orcast_forward}")

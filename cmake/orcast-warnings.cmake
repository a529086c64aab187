# SPDX-License-Identifier: MIT
#
# The warnings that orcast's own tests and examples are built with. Never put on a user's targets.

add_library(orcast_warnings INTERFACE)
if(MSVC)
  target_compile_options(orcast_warnings INTERFACE /W4 /permissive- /Zc:__cplusplus)
  if(ORCAST_WARNINGS_AS_ERRORS)
    target_compile_options(orcast_warnings INTERFACE /WX)
  endif()
else()
  target_compile_options(orcast_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef)
  if(ORCAST_WARNINGS_AS_ERRORS)
    target_compile_options(orcast_warnings INTERFACE -Werror)
  endif()
  # BOOST_DESCRIBE_STRUCT leaves out an argument that C++20 allows to be left out.
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(orcast_warnings INTERFACE -Wno-gnu-zero-variadic-macro-arguments)
  endif()
  # ConcurrentQueue has fences, which gcc's ThreadSanitizer does not see.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
    target_compile_options(orcast_warnings INTERFACE -Wno-tsan)
  endif()
endif()

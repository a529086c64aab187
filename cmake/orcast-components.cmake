# SPDX-License-Identifier: MIT
#
# What the components of orcast need from others, in one place: the build tree and the installed
# package both ask here. A component is a layer that brings a third party with it:
#
#   json     Boost.JSON, for the OpenRouter and broadcast layers
#   httplib  the transport over cpp-httplib
#   curl     the transport over libcurl
#   gzip     compression of what is exported, over zlib

set(ORCAST_COMPONENTS json httplib curl gzip)

# Sets <result> to the targets that orcast::<component> links, or to nothing, with one line in
# <result>_REASON, when they are not there.
function(orcast_find_component component result)
  set(libraries "")
  set(reason "")

  if(component STREQUAL "json")
    if(NOT TARGET Boost::json)
      find_package(Boost 1.81 QUIET CONFIG COMPONENTS json)
    endif()
    if(TARGET Boost::json)
      set(libraries Boost::json)
    else()
      set(reason "Boost.JSON 1.81 or later is missing (Debian 12: libboost-json1.81-dev)")
    endif()

  elseif(component STREQUAL "httplib")
    find_package(OpenSSL QUIET)
    find_package(ZLIB QUIET)
    if(NOT TARGET httplib::httplib)
      find_package(httplib QUIET CONFIG)
    endif()
    if(TARGET httplib::httplib)
      set(libraries httplib::httplib)
    else()
      # Debian compiles the library; its .pc file carries the macros that fix the classes' layout.
      find_package(PkgConfig QUIET)
      if(PkgConfig_FOUND AND NOT TARGET PkgConfig::orcast_cpp_httplib)
        pkg_check_modules(orcast_cpp_httplib QUIET IMPORTED_TARGET cpp-httplib)
      endif()
      if(TARGET PkgConfig::orcast_cpp_httplib)
        set(libraries PkgConfig::orcast_cpp_httplib)
      endif()
    endif()
    if(NOT libraries)
      set(reason "cpp-httplib is missing (Debian 12: libcpp-httplib-dev)")
    elseif(NOT TARGET OpenSSL::SSL)
      set(libraries "")
      set(reason "OpenSSL is missing (Debian 12: libssl-dev)")
    else()
      list(APPEND libraries OpenSSL::SSL OpenSSL::Crypto)
      if(TARGET ZLIB::ZLIB)
        list(APPEND libraries ZLIB::ZLIB)
      endif()
    endif()

  elseif(component STREQUAL "curl")
    if(NOT TARGET CURL::libcurl)
      find_package(CURL QUIET)
    endif()
    if(TARGET CURL::libcurl)
      set(libraries CURL::libcurl)
    else()
      set(reason "libcurl is missing (Debian 12: libcurl4-openssl-dev)")
    endif()

  elseif(component STREQUAL "gzip")
    find_package(ZLIB QUIET)
    if(TARGET ZLIB::ZLIB)
      set(libraries ZLIB::ZLIB)
    else()
      set(reason "zlib is missing (Debian 12: zlib1g-dev)")
    endif()

  else()
    set(reason "orcast has no component '${component}' (it has: ${ORCAST_COMPONENTS})")
  endif()

  set(${result} "${libraries}" PARENT_SCOPE)
  set(${result}_REASON "${reason}" PARENT_SCOPE)
endfunction()

# Where distributions put concurrentqueue.h, which http/mailbox.hpp includes: a directory to add to
# the include path, or nothing when the compiler finds the header by itself or nobody has it.
function(orcast_find_concurrentqueue result)
  find_path(ORCAST_CONCURRENTQUEUE_INCLUDE_DIR
    NAMES concurrentqueue/concurrentqueue.h moodycamel/concurrentqueue.h concurrentqueue.h
    DOC "The directory from which ConcurrentQueue's header is included")
  mark_as_advanced(ORCAST_CONCURRENTQUEUE_INCLUDE_DIR)
  set(${result} "" PARENT_SCOPE)
  if(ORCAST_CONCURRENTQUEUE_INCLUDE_DIR AND
     NOT ORCAST_CONCURRENTQUEUE_INCLUDE_DIR IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
    set(${result} "${ORCAST_CONCURRENTQUEUE_INCLUDE_DIR}" PARENT_SCOPE)
  endif()
endfunction()

# SPDX-License-Identifier: MIT
#
# Tests that a project outside orcast can use it, installed or from its sources.

set(consumer_source "${CMAKE_CURRENT_LIST_DIR}")
set(consumer_builds "${CMAKE_CURRENT_BINARY_DIR}/consumer")
set(consumer_stage "${consumer_builds}/stage")

add_test(NAME consumer.install
  COMMAND "${CMAKE_COMMAND}" --install "${PROJECT_BINARY_DIR}" --prefix "${consumer_stage}")
set_tests_properties(consumer.install PROPERTIES FIXTURES_SETUP orcast_installed)

function(consumer_test name)
  add_test(NAME consumer.${name}
    COMMAND "${CMAKE_CTEST_COMMAND}"
      --build-and-test "${consumer_source}" "${consumer_builds}/${name}"
      --build-generator "${CMAKE_GENERATOR}"
      --build-options "-DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}" -DCMAKE_BUILD_TYPE=None ${ARGN}
      --test-command "${CMAKE_CTEST_COMMAND}" --output-on-failure)
  set_tests_properties(consumer.${name} PROPERTIES
    TIMEOUT 600 FIXTURES_REQUIRED orcast_installed)
endfunction()

consumer_test(find_package "-DCMAKE_PREFIX_PATH=${consumer_stage}")
consumer_test(find_package_bare "-DCMAKE_PREFIX_PATH=${consumer_stage}" -DCONSUMER_BARE=ON)
consumer_test(add_subdirectory "-DORCAST_SOURCE_DIR=${PROJECT_SOURCE_DIR}")

find_program(ORCAST_PKG_CONFIG NAMES pkg-config pkgconf)
mark_as_advanced(ORCAST_PKG_CONFIG)
if(ORCAST_PKG_CONFIG)
  file(MAKE_DIRECTORY "${consumer_builds}")
  add_test(NAME consumer.pkg_config
    COMMAND sh -ec "$0 -std=c++17 -o pkg_config \"$2\" $($1 --cflags --libs orcast); ./pkg_config"
      "${CMAKE_CXX_COMPILER}" "${ORCAST_PKG_CONFIG}" "${consumer_source}/spans_only.cpp"
    WORKING_DIRECTORY "${consumer_builds}")
  set_tests_properties(consumer.pkg_config PROPERTIES
    TIMEOUT 120 FIXTURES_REQUIRED orcast_installed
    ENVIRONMENT "PKG_CONFIG_PATH=${consumer_stage}/${CMAKE_INSTALL_DATADIR}/pkgconfig")
endif()

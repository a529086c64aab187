// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/detail/third_party_begin.hpp"
#include <boost/json/basic_parser_impl.hpp>
#include <boost/version.hpp>
#include "orcast/detail/third_party_end.hpp"

// Boost.JSON, in the one place that includes it. orcast uses its incremental parser only
// (basic_parser, with a handler of our own): no DOM, no serializer, no exceptions. What differs
// between 1.81 and current releases is settled here: error codes are named by Boost.System, whose
// name never changed, and parse_options is filled member by member, because releases add members.
//
// A program without exceptions must give Boost its `boost::throw_exception(std::exception const&)`,
// as everywhere in Boost (see <boost/throw_exception.hpp>). orcast calls nothing that would call
// it.

#if BOOST_VERSION < 108100
#error "orcast needs Boost 1.81 or later (Debian 12: libboost-json1.81-dev)"
#endif

namespace orcast {
inline namespace v0 {
namespace detail {

using json_error = boost::system::error_code;
using json_chars = boost::json::string_view;

template <class Handler>
using json_parser = boost::json::basic_parser<Handler>;

/// `exact`: UTF-8 is checked too.
inline boost::json::parse_options json_options(std::size_t depth, bool exact) noexcept {
  boost::json::parse_options options;
  options.max_depth = depth;
  options.allow_invalid_utf8 = !exact;
  return options;
}

/// An error for a handler that wants the parser to stop.
inline json_error json_stop() noexcept {
  return boost::json::make_error_code(boost::json::error::object_too_large);
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

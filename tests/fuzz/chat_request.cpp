// SPDX-License-Identifier: MIT
//
// Any bytes as a request that other code wrote: refused, or read so that writing it again gives a
// body that reads the same.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orcast/core/utf8.hpp"
#include "orcast/openrouter/chat_request.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  const orcast::result<orcast::chat_request> read = orcast::parse_chat_request(body);
  if (!read) return 0;
  std::string parameters;
  append_invocation_parameters(*read, parameters);
  static_cast<void>(validate_chat_request(*read, 1000));
  std::string written;
  if (!append_json(*read, written)) __builtin_trap();
  if (!orcast::valid_utf8(written)) __builtin_trap();
  const orcast::result<orcast::chat_request> again = orcast::parse_chat_request(written);
  if (!again) __builtin_trap();
  std::string twice;
  if (!append_json(*again, twice) || twice != written) __builtin_trap();
  orcast::chat_request under = *again;
  if (!merge_chat_request(body, under)) __builtin_trap();
  return 0;
}

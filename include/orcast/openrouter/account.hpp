// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/api_request.hpp"
#include "orcast/openrouter/message.hpp"

// The account that pays, and the key that is used: what is left, and until when. Amounts are US
// dollars as decimal text, so that nothing is rounded.

namespace orcast {
inline namespace v0 {

struct credits {
  std::string total_credits;  ///< bought
  std::string total_usage;    ///< used; the difference is left
};

/// Needs a management key; with another one it fails with errc::permission_denied.
struct credits_query {
  using reply = credits;
  ORCAST_DECL result<api_request> request() const;
  ORCAST_DECL static result<credits> parse(std::string_view body);
};

struct key_info {
  std::string label;            ///< shows a few of the key's characters
  std::string limit;            ///< empty: none
  std::string limit_remaining;  ///< empty: no limit
  std::string limit_reset;      ///< "daily", "weekly", "monthly"; empty: never
  std::string usage;
  std::string usage_daily;
  std::string usage_weekly;
  std::string usage_monthly;
  std::string byok_usage;  ///< with keys of one's own at providers
  std::string expires_at;  ///< "2027-12-31T23:59:59Z"; empty: never
  bool is_free_tier = false;
  bool is_management_key = false;
  json_text json;  ///< the whole object
};

/// About the key that the client uses.
struct key_query {
  using reply = key_info;
  ORCAST_DECL result<api_request> request() const;
  ORCAST_DECL static result<key_info> parse(std::string_view body);
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/account.ipp"
#endif

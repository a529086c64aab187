// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/api_request.hpp"

// The companies that run models for OpenRouter, and what they promise.

namespace orcast {
inline namespace v0 {

struct provider_info {
  std::string name;                      ///< as replies name it
  std::string slug;                      ///< as requests name it, in `provider`
  std::string headquarters;              ///< a country: "US"
  std::vector<std::string> datacenters;  ///< countries
  std::string privacy_policy_url;
  std::string terms_of_service_url;
  std::string status_page_url;
};

struct providers_query {
  using reply = std::vector<provider_info>;
  ORCAST_DECL result<api_request> request() const;
  ORCAST_DECL static result<std::vector<provider_info>> parse(std::string_view body);
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/account.ipp"
#endif

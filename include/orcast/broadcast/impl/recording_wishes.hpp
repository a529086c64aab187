// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/broadcast/settings.hpp"

// A call is recorded once, for all destinations, as the settings say that the broadcast was started
// with. What settings ask for beyond that would be asked in vain, and a mask above all must not be:
// so the broadcast refuses them. A field at its default asks for nothing.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Whether all that `asked` hides is hidden.
inline bool hides(const masks& recorded, const masks& asked) noexcept {
  for (const mask_name& each : mask_names) {
    if (asked.*each.mask && !(recorded.*each.mask)) return false;
  }
  return asked.base64_image_max_length == 0 ||
         asked.base64_image_max_length == recorded.base64_image_max_length;
}

/// The field in which `asked` wants something else recorded, or null.
inline const char* unmet_wish(const broadcast_settings& recorded,
                              const broadcast_settings& asked) noexcept {
  const auto differs = [](auto wanted, auto used) { return wanted != nullptr && wanted != used; };
  if (!hides(recorded.hide, asked.hide)) return "hide";
  if (differs(asked.redact.function, recorded.redact.function)) return "redact";
  if (differs(asked.redact.context, recorded.redact.context)) return "redact";
  if (differs(asked.filter.keeps, recorded.filter.keeps)) return "filter";
  if (differs(asked.filter.context, recorded.filter.context)) return "filter";
  if (differs(asked.users.function, recorded.users.function)) return "users";
  if (differs(asked.users.context, recorded.users.context)) return "users";
  if (!asked.user_key.empty() && asked.user_key.reveal() != recorded.user_key.reveal()) {
    return "user_key";
  }
  if (asked.vectors && !recorded.vectors) return "vectors";
  if (!asked.companions && recorded.companions) return "companions";
  if (asked.server != server_broadcast::none && asked.server != recorded.server) return "server";
  return nullptr;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast

// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orcast/broadcast/settings.hpp"
#include "orcast/core/result.hpp"
#include "orcast/core/secret.hpp"

// Settings as a JSON file: where each destination's spans go, and the keys that clients then need
// not hold. The members have the names of broadcast_settings' own, or those that the services use
// ("Api Key", "apiKey", "Space ID", "Project Name"): case, blanks, "-" and "_" don't count.
//
//   {"openrouter_api_key": "sk-or-...",
//    "destinations": [{"name": "arize", "api_key": "ak-...", "space_key": "U3BhY2U6...",
//                      "model_id": "harbour", "privacy_mode": true, "sampling_rate": 0.5},
//                     {"name": "phoenix", "kind": "phoenix", "base_url": "http://127.0.0.1:6006",
//                      "model_id": "harbour", "headers": {"x-team": "npc"}}]}
//
// A file with one destination may leave the list out and have the destination's members itself.

namespace orcast {
inline namespace v0 {

struct settings_file {
  secret openrouter_api_key;
  std::vector<broadcast_settings> destinations;
};

/// Fails with invalid_argument, naming the member that is wrong; a member that is not a setting is
/// wrong too, since it is a slip of the pen most of the time. No failure repeats a value. Whether
/// the settings themselves make sense is validate()'s to say.
ORCAST_DECL result<settings_file> parse_settings(std::string_view json);

/// The same as a file of at most 1 MiB. Fails with errc::io as well.
ORCAST_DECL result<settings_file> read_settings(const std::string& path);

/// The text of such a file, keys included. What only a program can give is left out: functions and
/// their contexts (header_provider, redact, filter, users), and compression.
ORCAST_DECL std::string settings_json(const settings_file& settings);

/// Replaces the file as a whole, by one that only its owner may read.
ORCAST_DECL result<void> write_settings(const std::string& path, const settings_file& settings);

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/broadcast/impl/settings_file.ipp"
#endif

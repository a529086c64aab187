// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/core/secret.hpp"
#include "orcast/http/request.hpp"
#include "orcast/openrouter/recording.hpp"
#include "orcast/otlp/compression.hpp"
#include "orcast/otlp/encoder_options.hpp"

// The settings of one destination of a broadcast, under the names that users of OpenRouter's
// "Broadcast to Arize" know: Api Key, Space Key, Model Id, Base Url.

namespace orcast {
inline namespace v0 {

/// What answers at a destination, and so which headers authorise and which mistakes are likely.
enum class destination_kind : unsigned char {
  arize,
  otlp,  ///< Phoenix, a collector, anything that takes OTLP over HTTP
};

struct broadcast_settings {
  std::string name = "arize";  ///< "Name": tells destinations apart, in counters and messages
  destination_kind kind = destination_kind::arize;
  bool enabled = true;
  secret api_key;          ///< "Api Key": of the Arize space; elsewhere a bearer token, or empty
  std::string space_key;   ///< "Space Key": the Space ID, base64 text; not the space's name
  std::string model_id;    ///< "Model Id": the project that the traces appear in
  std::string base_url;    ///< "Base Url"; empty: https://otlp.arize.com. Host, /v1 or /v1/traces
  bool exact_url = false;  ///< base_url is the whole address: nothing is appended
  /// Further ones; one of ours with the same name is replaced, user-agent too. What says how the
  /// body reads (content-type, content-encoding) is not theirs to say.
  std::vector<http::header> headers;

  /// Called before each export instead of sending api_key: appends the headers that authorise it,
  /// so that a shipped game need not contain an Arize key. On the exporting thread.
  void (*header_provider)(void* context, std::vector<http::header>& headers) = nullptr;
  void* header_context = nullptr;

  bool privacy_mode = false;  ///< send no prompts and no answers
  /// "API Keys": only calls under keys with one of these labels (broadcast::recording) are sent;
  /// empty: calls under any key.
  std::vector<std::string> only_api_keys;
  std::vector<std::string> except_api_keys;  ///< calls under these never; this wins
  double sampling_rate = 1.0;  ///< share of the sessions (or traces) that is sent: 0.0001 to 1
  std::string service_name = "orcast";  ///< service.name on the resource
  std::string service_version;
  std::vector<otlp::text_attribute> resource;  ///< further attributes of the program
  bool companions = true;                      ///< also send the gen_ai.* attributes
  otlp::format format = otlp::format::json;    ///< Phoenix takes protobuf alone
  otlp::compression compression;  ///< none; {"gzip", orcast::gzip} where that is wanted
  bool allow_insecure = false;    ///< accept http:// for hosts other than this machine
  bool vectors = false;           ///< also send the vectors of embeddings
  masks hide;                     ///< OpenInference's masks
  redaction redact;               ///< the host's own look at each text before it is recorded
  call_filter filter;             ///< the host's rule about which calls are exported
  /// Users appear under a keyed hash of their name when this is not empty; or under what the
  /// host's function makes of it.
  secret user_key;
  pseudonym users;  ///< its key is user_key
  /// join: OpenRouter broadcasts the same calls itself (see openrouter/recording.hpp).
  server_broadcast server = server_broadcast::none;

  /// A second owner of the same settings, keys included, made on purpose.
  ORCAST_DECL broadcast_settings clone() const;

  /// ARIZE_API_KEY, ARIZE_SPACE_ID, ARIZE_PROJECT_NAME and ARIZE_COLLECTOR_ENDPOINT, each where it
  /// is set and not empty, and OpenInference's masks (OPENINFERENCE_HIDE_...). Without the first,
  /// PHOENIX_COLLECTOR_ENDPOINT leads to a Phoenix, with PHOENIX_API_KEY and PHOENIX_PROJECT_NAME
  /// where it has those. A mask that can't be read hides nothing; `complaints`, when given, gets a
  /// sentence that names it.
  static ORCAST_DECL broadcast_settings from_environment(std::string* complaints = nullptr);
};

/// The address to post traces to: `https://` is added to a bare host, `/v1/traces` to what lacks
/// it. Fails with invalid_argument, saying what is wrong with the text.
ORCAST_DECL result<std::string> traces_url(std::string_view base_url, bool allow_insecure = false);

/// The address that settings lead to, by the rules of traces_url() or as it stands.
ORCAST_DECL result<std::string> traces_url(const broadcast_settings& settings);

/// Appends the headers that authorise at the destination, and the settings' own; of two lines with
/// one name among them the later one stands alone. What `headers` held before is left as it is.
ORCAST_DECL void append_headers(const broadcast_settings& settings,
                                std::vector<http::header>& headers);

/// Checks settings and names the first field that is wrong: an empty key, OpenRouter's key in the
/// place of Arize's, a space's name where its ID belongs, a rate out of range, a URL or header that
/// can't be used.
ORCAST_DECL result<void> validate(const broadcast_settings& settings);

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/broadcast/impl/settings.ipp"
#endif

// SPDX-License-Identifier: MIT
//
// What the gateway does with a request: on to OpenRouter and into the broadcast, or, for spans of
// orcast's own clients, on to Arize. It keeps the keys that its clients then need not have.

#pragma once

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/answer.hpp"
#include "gateway/client_connection.hpp"
#include "gateway/hang_up_watch.hpp"
#include "gateway/options.hpp"
#include "gateway/request_reader.hpp"
#include "orcast/broadcast/broadcast.hpp"
#include "orcast/broadcast/instrument.hpp"
#include "orcast/broadcast/settings_file.hpp"
#include "orcast/core/environment.hpp"
#include "orcast/core/random.hpp"
#include "orcast/http/url.hpp"
#include "orcast/transport/httplib.hpp"

namespace gateway {

/// what() is one line that says which setting is wrong.
class setup_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class service {
 public:
  explicit service(const options& chosen)
      : most_body_bytes_(chosen.most_body_bytes),
        upstream_(checked_upstream(chosen.upstream)),
        network_(network_options()) {
    load(chosen);
    orcast::broadcast_options broadcasting;
    broadcasting.memory_bytes = std::size_t{16} << 20;
    broadcasting.settings.enabled = false;
    for (const orcast::broadcast_settings& each : destinations_) {
      if (&each == destinations_.data()) {
        broadcasting.settings = each.clone();
      } else {
        broadcasting.also.push_back(each.clone());
      }
    }
    auto made = orcast::broadcast::start(
        std::move(broadcasting), orcast::http::any_transport::make<orcast::httplib_transport>());
    if (!made) throw setup_error(made.error().message);
    broadcast_ = std::move(*made);
    orcast::random_state random;
    random.seed(orcast::host());
    via_ = "1.1 orcast-gateway-" + std::to_string(random.next());
  }

  orcast::broadcast& broadcast() { return *broadcast_; }
  hang_up_watch& watch() { return watch_; }
  bool records() const { return relay_to_ != nullptr; }
  bool has_key() const { return !openrouter_key_.empty(); }

  /// Whom the listening address lets in: a page in a browser must not use the keys.
  void listening_on_loopback(bool only_loopback) { only_loopback_ = only_loopback; }

  /// Serves a connection until it ends. On a thread of its own.
  void serve(client_connection& client, const std::atomic<bool>& draining) {
    while (!draining) {
      incoming_request asked;
      request_reader reader(client, most_body_bytes_);
      const request_reader::outcome got = reader.read(asked);
      if (got == request_reader::outcome::closed) return;
      if (got == request_reader::outcome::refused) {
        answer_error(client, reader.status(), "gateway: " + reader.why(), "invalid_request", false);
        client.linger();
        return;
      }
      const bool keep = asked.keep_alive && !draining;
      if (!serve_one(client, asked, keep)) return;
      client.set_idle(true);
    }
  }

 private:
  static constexpr std::string_view traces_path = "/v1/traces";

  static std::string checked_upstream(std::string text) {
    while (!text.empty() && text.back() == '/') text.pop_back();
    if (text.find("://") == std::string::npos) text.insert(0, "https://");
    const auto parsed = orcast::http::url::parse(text, true);
    if (!parsed) throw setup_error("--upstream can't be used: " + parsed.error().message);
    if (parsed->target().find('?') != std::string_view::npos) {
      throw setup_error("--upstream can't be used: it has a query (?...)");
    }
    return text;
  }

  static orcast::httplib_options network_options() {
    orcast::httplib_options out;
    out.allow_insecure_http = true;  // --upstream is the operator's word
    out.idle_connections = 64;
    return out;
  }

  void load(const options& chosen) {
    orcast::settings_file settings;
    if (!chosen.settings.empty()) {
      auto read = orcast::read_settings(chosen.settings);
      if (!read) throw setup_error(read.error().message);
      settings = std::move(*read);
    } else if (!orcast::environment("ARIZE_API_KEY").empty()) {
      settings.destinations.push_back(orcast::broadcast_settings::from_environment());
    }
    openrouter_key_ = std::move(settings.openrouter_api_key);
    if (openrouter_key_.empty()) {
      openrouter_key_ = orcast::secret(orcast::environment("OPENROUTER_API_KEY"));
    }
    destinations_ = std::move(settings.destinations);
    for (const orcast::broadcast_settings& each : destinations_) {
      if (relay_to_ == nullptr && each.enabled) relay_to_ = &each;
    }
  }

  bool serve_one(client_connection& client, const incoming_request& asked, bool keep) {
    const auto refuse = [&](int status, const char* why) {
      return answer_error(client, status, std::string("gateway: ") + why, "invalid_request", keep,
                          asked.method == "HEAD") &&
             keep;
    };
    if (!is_trusted(asked)) {
      return refuse(403, "a web page of another host may not use this gateway");
    }
    if (const std::string* via = asked.find("via")) {
      if (via->find(via_) != std::string::npos) return refuse(508, "its upstream is itself");
    }
    const bool relayed = asked.path() == traces_path;
    if (relayed && asked.method != "POST") return refuse(405, "spans are posted");
    if (relayed && relay_to_ == nullptr) {
      return refuse(503, "it has no destination for spans; --settings names one");
    }
    orcast::http::request onward = relayed ? to_destination(asked) : to_upstream(asked);
    onward.method = asked.method;
    onward.body = {asked.body};
    // What may change something is its client's to repeat, never a proxy's (RFC 9110, 9.2.2).
    onward.replays = asked.method == "GET" || asked.method == "HEAD";
    onward.response.body_bytes = static_cast<std::size_t>(-1);
    if (!relayed) {
      onward.limits.first_byte_ms = 600'000;
      onward.limits.idle_ms = 300'000;
    }

    answer sink(client, asked, keep);
    orcast::http::exchange_control control;
    {
      const hang_up_watch::guard guard(watch_, client.socket(), control);
      auto recorded = orcast::instrument(network_, broadcast_->recording());
      if (relayed) {
        network_.perform(onward, sink, control);
      } else {
        recorded.perform(onward, sink, control);
      }
    }
    return !control.cancelled() && sink.finish();
  }

  /// A browser says where a page comes from, and by what name it found us. A page of another host
  /// gets in neither by a plain request (Origin) nor by a name that it lets point here (Host).
  bool is_trusted(const incoming_request& asked) const {
    const auto is_local = [](std::string_view authority) {
      const std::string text = "http://" + std::string(authority);
      const auto parsed = orcast::http::url::parse(text, true);
      return parsed && parsed->loopback();
    };
    if (const std::string* origin = asked.find("origin")) {
      const std::size_t scheme = origin->find("://");
      if (scheme == std::string::npos || !is_local(origin->substr(scheme + 3))) return false;
    }
    const std::string* host = asked.find("host");
    return !only_loopback_ || host == nullptr || is_local(*host);
  }

  orcast::http::request to_upstream(const incoming_request& asked) const {
    orcast::http::request onward;
    onward.url = upstream_;
    // The upstream's own path may be part of the target already: "/api/v1" of the one is that of
    // the other.
    const auto parsed = orcast::http::url::parse(upstream_, true);
    std::string_view target = asked.target;
    const std::string_view base = parsed->target();
    if (base != "/" && target.substr(0, base.size()) == base &&
        (target.size() == base.size() || target[base.size()] == '/' ||
         target[base.size()] == '?')) {
      target.remove_prefix(base.size());
    }
    onward.url.append(target.empty() || target.front() == '?' ? "/" : "").append(target);

    const std::string* const listed = asked.find("connection");
    const bool readable = records() && asked.method == "POST";
    bool authorized = openrouter_key_.empty();
    std::string via;
    for (const orcast::http::header& line : asked.headers) {
      if (is_hop_by_hop(line.name, listed != nullptr ? *listed : std::string())) continue;
      if (readable && same_name(line.name, "accept-encoding")) continue;  // to be read here too
      if (same_name(line.name, "authorization") && !openrouter_key_.empty()) {
        // SDKs insist on some key; only one of OpenRouter's is the client's own.
        if (line.value.find("sk-or-") == std::string::npos) continue;
        authorized = true;
      }
      if (same_name(line.name, "via")) {
        via += line.value + ", ";
        continue;
      }
      onward.headers.push_back(line);
    }
    if (!authorized) {
      onward.headers.push_back(
          {"Authorization", std::string("Bearer ").append(openrouter_key_.reveal()), true});
    }
    onward.headers.push_back({"Via", via + via_, false});
    return onward;
  }

  orcast::http::request to_destination(const incoming_request& asked) const {
    orcast::http::request onward;
    onward.url = *orcast::traces_url(*relay_to_);
    for (const char* name : {"content-type", "content-encoding", "user-agent"}) {
      if (const std::string* value = asked.find(name))
        onward.headers.push_back({name, *value, false});
    }
    orcast::append_headers(*relay_to_, onward.headers);
    return onward;
  }

  const std::size_t most_body_bytes_;
  const std::string upstream_;
  std::string via_;
  bool only_loopback_ = true;
  orcast::secret openrouter_key_;
  std::vector<orcast::broadcast_settings> destinations_;
  const orcast::broadcast_settings* relay_to_ = nullptr;  // the first one that is enabled
  std::unique_ptr<orcast::broadcast> broadcast_;          // outlives what records with it
  orcast::httplib_transport network_;
  hang_up_watch watch_;
};

}  // namespace gateway

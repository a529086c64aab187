// SPDX-License-Identifier: MIT
//
// What the game talks to: OpenRouter and Arize where the environment has their keys, or Phoenix
// where it has its address, else stand-ins inside this program, on loopback ports. Beside the
// address and the key nothing differs.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "game_loop/dialogue.hpp"
#include "game_loop/keeping_transport.hpp"
#include "game_loop/options.hpp"
#include "game_loop/report.hpp"
#include "orcast/broadcast/broadcast.hpp"
#include "orcast/core/environment.hpp"
#include "orcast/openrouter/client.hpp"
#include "orcast/transport/curl.hpp"
#include "orcast/transport/httplib.hpp"
#include "standins/arize.hpp"
#include "standins/openrouter.hpp"
#include "standins/otlp_protobuf.hpp"

namespace game_loop {

/// what() is one line that says which setting is wrong.
class setup_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline bool has_openrouter_key() { return !orcast::environment("OPENROUTER_API_KEY").empty(); }
inline bool has_arize_key() {
  return !orcast::environment("ARIZE_API_KEY").empty() &&
         !orcast::environment("ARIZE_SPACE_ID").empty();
}

/// Phoenix, the open-source Arize: needs no key, but an address.
inline bool has_phoenix() {
  return !has_arize_key() && !orcast::environment("PHOENIX_COLLECTOR_ENDPOINT").empty();
}

inline orcast::http::any_transport make_transport(options::transport_kind kind) {
  using orcast::http::any_transport;
  if (kind == options::transport_kind::curl) return any_transport::make<orcast::curl_transport>();
  // Blocking: each call that streams has a thread of its own.
  return any_transport::own(std::make_unique<orcast::httplib_transport>(), {16, 256});
}

/// The client, and behind it OpenRouter or a stand-in that has learnt its lines from the script.
class openrouter_service {
 public:
  openrouter_service(const dialogue& script, options::transport_kind kind,
                     const orcast::recording& tracing) {
    orcast::client_options chosen;
    if (!has_openrouter_key()) {
      stand_in_ = std::make_unique<standins::openrouter>();
      for (const turn& each : script.turns) teach(each);
      chosen.base_url = stand_in_->base_url();
      chosen.api_key = orcast::secret(standins::openrouter::key);
    }
    chosen.app_title = "orcast game_loop";
    chosen.timeouts.total_ms = 60'000;
    chosen.record = tracing;
    auto made = orcast::client::make(std::move(chosen), make_transport(kind));
    if (!made) throw setup_error("OpenRouter: " + made.error().message);
    client_.emplace(std::move(*made));
  }

  orcast::client& client() { return *client_; }
  std::string where() const {
    return stand_in_ ? "stand-in at " + stand_in_->origin() + " (OPENROUTER_API_KEY is not set)"
                     : "the real one (OPENROUTER_API_KEY is set)";
  }

 private:
  static std::chrono::milliseconds ms(double seconds) {
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
  }

  void teach(const turn& said) {
    const stand_in_answer& answer = said.stand_in;
    standins::scripted_reply reply;
    reply.when = said.say;
    reply.first_token = ms(answer.first_token_s);
    if (!answer.tool.empty()) {
      standins::scripted_reply first = reply;
      first.tool_calls = {{answer.tool, answer.arguments, ""}};
      first.duration = ms(answer.first_token_s + 0.1);
      stand_in_->enqueue(std::move(first));
    }
    reply.text = answer.text;
    reply.reasoning = answer.reasoning;
    reply.duration = ms((std::max)(answer.duration_s, answer.first_token_s));
    stand_in_->enqueue(std::move(reply));
  }

  std::unique_ptr<standins::openrouter> stand_in_;
  std::optional<orcast::client> client_;  // goes before what it talks to
};

/// The broadcast, and behind it Arize, Phoenix, or a stand-in that looks at every byte.
class arize_service {
 public:
  explicit arize_service(options::transport_kind kind) {
    orcast::broadcast_options chosen;
    chosen.settings = orcast::broadcast_settings::from_environment();
    if (chosen.settings.model_id == "default") chosen.settings.model_id = "game_loop";
    project_ = chosen.settings.model_id;
    chosen.settings.service_name = "game_loop";
    orcast::http::any_transport transport = make_transport(kind);
    if (!has_arize_key() && !has_phoenix()) {
      stand_in_ = std::make_unique<standins::arize>();
      chosen.settings.api_key = orcast::secret(standins::arize::api_key);
      chosen.settings.space_key = standins::arize::space_id;
      chosen.settings.base_url = stand_in_->origin();
    } else {
      transport = orcast::http::any_transport::own(
          std::make_unique<keeping_transport>(std::move(transport), kept_));
    }
    auto made = orcast::broadcast::start(std::move(chosen), std::move(transport));
    if (!made) throw setup_error(name() + ": " + made.error().message);
    broadcast_ = std::move(*made);
  }

  orcast::recording recording() const { return broadcast_->recording(); }

  /// Sends what is left and waits for it; then counts. Nothing is recorded any more.
  span_account finish() {
    const bool flushed = broadcast_->flush(10'000);
    const orcast::otlp::export_status status = broadcast_->status();
    broadcast_->shutdown(1'000);

    const orcast::trace_stats stats = broadcast_->stats();
    span_account account;
    account.at_arize = !has_phoenix();
    account.started = stats.started;
    account.exported = stats.exported;
    account.held = stats.held();
    for (std::size_t i = 0; i < orcast::drop_reasons; ++i) {
      const auto reason = static_cast<orcast::drop_reason>(i);
      if (stats.dropped_by(reason) == 0) continue;
      account.dropped.emplace_back(orcast::to_string(reason), stats.dropped_by(reason));
    }
    if (!flushed || !status.last_error.empty()) account.trouble = status.last_error;
    if (stand_in_) {
      account.arrived = stand_in_->spans().size();
      for (const auto& each : stand_in_->violations()) {
        account.violations.push_back(each.path + ": " + each.what);
      }
    }
    return account;
  }

  /// What arrived, one export request a line: the stand-in's own record, or with the real Arize,
  /// which does not give it back, what it accepted.
  std::string received() const {
    std::string lines;
    for (const std::string& body : stand_in_ ? stand_in_->bodies() : kept_.all()) {
      lines += (has_phoenix() ? boost::json::serialize(standins::otlp_json(body)) : body) + '\n';
    }
    return lines;
  }

  bool real() const { return !stand_in_; }
  std::string name() const { return has_phoenix() ? "Phoenix" : "Arize"; }
  std::string where() const {
    if (has_phoenix()) {
      return std::string(orcast::environment("PHOENIX_COLLECTOR_ENDPOINT")) + ", project " +
             project_;
    }
    if (real()) return "the real one, project " + project_;
    const bool half = !orcast::environment("ARIZE_API_KEY").empty();
    return "stand-in at " + stand_in_->origin() +
           (half ? " (ARIZE_SPACE_ID is not set)" : " (ARIZE_API_KEY is not set)");
  }

 private:
  standins::journal<std::string> kept_;
  std::string project_;
  std::unique_ptr<standins::arize> stand_in_;
  std::unique_ptr<orcast::broadcast> broadcast_;  // goes before what it sends to
};

}  // namespace game_loop

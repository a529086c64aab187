// SPDX-License-Identifier: MIT
//
// A stand-in for OpenRouter on a loopback port: chat completions, blocking and streamed,
// embeddings, and the small endpoints around them: models and who offers them, providers, key,
// credits, generations. A client that works with it needs no change for the real one.
//
//   standins::openrouter service;                     // answers by rule, at a human pace
//   client.base_url = service.base_url();             // "http://127.0.0.1:49152/api/v1"
//   client.api_key = standins::openrouter::key;
//
// The order for each chat request: the key, the JSON, the fault, the reply. A fault comes from the
// request (openrouter_faults.hpp) or from the queue; a reply from the queue or from the rules.

#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "standins/openrouter_faults.hpp"
#include "standins/pace.hpp"
#include "standins/request.hpp"
#include "standins/scripted_reply.hpp"
#include "standins/tls_options.hpp"

namespace standins {

class openrouter {
 public:
  static constexpr const char* key = "sk-or-v1-standin";

  struct options {
    standins::pace pace;  ///< pace::none() for tests
    std::vector<std::string> keys = {key};
    tls_options tls;
  };

  openrouter();
  explicit openrouter(const options& chosen);
  openrouter(const openrouter&) = delete;
  openrouter& operator=(const openrouter&) = delete;
  ~openrouter();

  int port() const;
  std::string origin() const;
  std::string base_url() const { return origin() + "/api/v1"; }
  std::string ca_pem() const;

  /// The next chat request that it fits gets this answer. Any thread.
  void enqueue(scripted_reply reply);

  /// The next valid chat request that brings no fault of its own meets this one; an empty fault
  /// lets it pass. Any thread.
  void enqueue(fault next);

  /// From now on the facts of a generation are there only when they were asked for in vain as many
  /// times, as with the real service, which needs some seconds. Any thread.
  void let_generations_be_late(int times);

  std::vector<request> requests() const;
  bool wait_for_requests(std::size_t count, std::chrono::milliseconds timeout) const;
  /// How many clients left before their answer was complete.
  std::size_t disconnects() const;
  bool wait_for_disconnects(std::size_t count, std::chrono::milliseconds timeout) const;

 private:
  class service;
  std::unique_ptr<service> service_;
};

}  // namespace standins

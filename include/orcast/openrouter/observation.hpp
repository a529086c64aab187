// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orcast/core/result.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"
#include "orcast/openrouter/api_reply.hpp"
#include "orcast/openrouter/api_request.hpp"
#include "orcast/openrouter/call_context.hpp"
#include "orcast/openrouter/chat_request.hpp"
#include "orcast/openrouter/recording.hpp"
#include "orcast/openrouter/reply_reader.hpp"
#include "orcast/trace/content_recorder.hpp"
#include "orcast/trace/scope.hpp"
#include "orcast/trace/tracer.hpp"

// The one recorder of OpenRouter calls. An observation is fed the facts of one exchange - request,
// response head, response bytes, end - and makes of them one LLM span and one reply. The client
// opens one for each call, instrument(transport) opens one where the host brings its own client
// code, and a host with neither feeds one by hand:
//
//   observation seen(recording);
//   seen.begin_raw("POST", url, body);       // or begin(chat_request)
//   seen.head(response_head);
//   seen.data(bytes);                        // any number of times
//   seen.done(result<void>());               // or a failure; the destructor counts as cancelled
//
// One thread at a time. Nothing here keeps a key.

namespace orcast {
inline namespace v0 {

struct generation;
namespace detail {
class endpoint_reply;
}

class observation final : private delta_listener {
 public:
  ORCAST_DECL explicit observation(const recording& where = {}, const reply_limits& limits = {});
  ORCAST_DECL ~observation();
  observation(const observation&) = delete;
  observation& operator=(const observation&) = delete;

  /// Ready for another call: forgets everything but its memory and the listener of its deltas. A
  /// call that has not ended counts as cancelled, as with the destructor.
  ORCAST_DECL void reset() noexcept;
  /// About how many bytes of memory it keeps.
  ORCAST_DECL std::size_t held_bytes() const noexcept;

  /// With server_broadcast::join, before the request is composed: opens the span and puts its ids
  /// into request.trace, so that OpenRouter's own spans come under it. Otherwise does nothing.
  ORCAST_DECL void join(chat_request& request, std::string_view url,
                        const call_context& context = {}) noexcept;

  /// The call begins now: the span is opened and what the request says is recorded. `body` is the
  /// exact text that is sent (it becomes input.value).
  ORCAST_DECL void begin(const chat_request& request, std::string_view body, std::string_view url,
                         const call_context& context = {}) noexcept;

  /// The same for a request to another endpoint, whose answer is then in api_answer(). Those
  /// that make text, embeddings or an order of documents get a span; of the rest nothing is
  /// recorded.
  ORCAST_DECL void begin(const api_request& request, std::string_view url,
                         const call_context& context = {}) noexcept;

  /// The same for a request that other code wrote. Anything but a POST to .../chat/completions,
  /// /completions, /responses, /messages, /embeddings or /rerank is not recorded (and false is
  /// returned); a body that can't be read still gives a span.
  ORCAST_DECL bool begin_raw(std::string_view method, std::string_view url,
                             const std::vector<std::string_view>& body,
                             const std::vector<http::header>& headers,
                             const call_context& context = {}) noexcept;

  /// A listener for the pieces of the reply, besides the span.
  void listen(delta_listener* listener) noexcept { listener_ = listener; }
  /// A listener for the body of another endpoint's answer.
  void listen(byte_listener* listener) noexcept { api_.listen(listener); }

  /// How long the call waited for its turn before it was sent.
  ORCAST_DECL void queued(std::int64_t wait_ms) noexcept;

  /// Another attempt follows: recorded as an event, the reply starts anew.
  ORCAST_DECL void retry(const failure& why, std::int64_t wait_ms) noexcept;

  ORCAST_DECL void head(const http::response_head& head) noexcept;
  /// False when the rest of the response does not matter (see reply_reader::data).
  ORCAST_DECL bool data(std::string_view bytes) noexcept;
  /// The whole answer is here, though the exchange may not have ended yet: who waits for done() may
  /// say it now.
  ORCAST_DECL bool whole() const noexcept;
  /// What an exchange has come to, without ending the span: for whoever may try again.
  result<void> settle(result<void> outcome) noexcept {
    return chat() ? reader_.finish(std::move(outcome)) : api_.finish(std::move(outcome));
  }
  /// The end: reads the outcome, completes and ends the span. A call that never was sent ends with
  /// the failure that says why. Only the first done() counts. A service may quote the key that it
  /// refuses: what is sensitive in the request that was `sent`, and has 8 bytes and more, is taken
  /// out of the failure's words.
  ORCAST_DECL result<void> done(result<void> outcome, const http::request* sent = nullptr) noexcept;

  /// Before done(): where a cancelled or cut answer did not tell what it cost, done() is not to end
  /// the span, but to leave that to learn(), which can still tell.
  void await_usage() noexcept { awaits_usage_ = true; }
  /// After done(): the generation whose cost the span waits for; empty when it does not.
  const std::string& unknown_usage_of() const noexcept { return unknown_usage_of_; }
  /// What OpenRouter says of that generation, or null: nothing. Ends the span, at the time of
  /// done().
  ORCAST_DECL void learn(const generation* facts) noexcept;

  const chat_reply& reply() const noexcept { return reader_.reply(); }
  chat_reply& reply() noexcept { return reader_.reply(); }
  const reply_reader& reader() const noexcept { return reader_; }
  /// Of an endpoint that is not a chat completion.
  api_reply& api_answer() noexcept { return api_.reply(); }
  /// Something of the answer itself is here: what was asked for is being paid for.
  ORCAST_DECL bool received_content() const noexcept;
  /// The span's context, for children and for joining other systems.
  const span_context& context() const noexcept { return context_; }
  /// Milliseconds from begin() to the first content, reasoning or tool delta; -1 before it.
  double time_to_first_token_ms() const noexcept { return first_token_ms_; }
  /// Milliseconds from begin() to done().
  double latency_ms() const noexcept { return latency_ms_; }

 private:
  void on_text(std::string_view piece) noexcept override;
  void on_reasoning(std::string_view piece) noexcept override;
  void on_tool_call(const tool_call& each) noexcept override;
  void on_first_token() noexcept override;
  void on_first_chunk() noexcept override;

  enum class kind : unsigned char {
    chat,
    completions,
    responses,
    messages,
    embeddings,
    rerank,
    other,  ///< not recorded
  };
  static kind kind_of(std::string_view method, std::string_view path) noexcept;
  bool chat() const noexcept { return kind_ == kind::chat; }

  /// What the beginning of a span is made of, whatever the endpoint.
  struct call_facts {
    std::string_view kind;       ///< of OpenInference's
    std::string_view operation;  ///< gen_ai.operation.name
    std::string_view model;
    std::string_view session_id;
    std::string_view user;
    const trace_fields* trace = nullptr;
  };
  static call_facts facts_of(const chat_request& request) noexcept;

  void open(const call_facts& call, const call_context& context, std::string_view url);
  bool kept_by_filter(const result<void>& ended) const noexcept;
  bool usage_may_be_learned(const failure& why) const noexcept;
  const std::string& generation_id() const noexcept;
  bool joined() const noexcept { return where_.server == server_broadcast::join; }
  void record_request(const chat_request& request, std::string_view body);
  void record_input(std::string_view body);
  void record_parameters(std::string_view parameters, const key_text& key);
  void record_model_companions(std::string_view model);
  struct reading;  // the reader of what a span takes from JSON, out of sight too
  void abandon() noexcept;
  struct json_ref;  // a view of JSON, out of sight of who includes this
  void begin_endpoint(std::string_view body, std::string_view session, const call_context& context,
                      std::string_view url);
  void record_asked(const json_ref& from, const std::string& model, const std::string& parameters);
  result<void> record_endpoint();
  void record_said(const json_ref& from, const std::string& provider);
  void record_vectors(const json_ref& from);
  void record_reply(const failure* why);
  void record_models(const std::string& answered);
  void record_first_token();
  void record_times(std::int64_t output_tokens);
  void record_routing(const chat_reply& reply, bool failed);
  void record_output(const chat_reply& reply);
  void record_usage(const token_usage& usage);
  void record_generation(const generation& facts);
  void record_failure(const failure& why);
  double since_begin_ms() const noexcept;

  recording where_;
  orcast::host clock_;
  reply_reader reader_;
  api_reader api_;
  const reply_limits limits_;
  std::unique_ptr<detail::endpoint_reply> stream_;  // of an endpoint that is no chat completion
  delta_listener* listener_ = nullptr;
  span span_;
  content_recorder content_{span_, where_};
  span_context context_;
  std::string request_model_;
  std::unique_ptr<reading> reading_;
  std::string scratch_;  // text that is put together for an attribute
  std::string audio_format_;
  std::string unknown_usage_of_;
  std::int64_t began_ns_ = 0;
  double first_token_ms_ = -1;
  double latency_ms_ = -1;
  std::int64_t attempts_ = 1;
  kind kind_ = kind::chat;
  std::int64_t body_left_ = -1;  // of the answer; -1: its head did not say
  std::int64_t ended_ns_ = 0;
  bool awaits_usage_ = false;
  bool usage_known_ = false;
  bool begun_ = false;
  bool over_ = false;
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/observation.ipp"
#endif

// SPDX-License-Identifier: MIT

#include "standins/openrouter.hpp"

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "standins/openrouter_account.hpp"
#include "standins/openrouter_catalogue.hpp"
#include "standins/openrouter_delivery.hpp"
#include "standins/openrouter_embeddings.hpp"
#include "standins/openrouter_errors.hpp"
#include "standins/openrouter_reply.hpp"
#include "standins/openrouter_rules.hpp"
#include "standins/openrouter_stream.hpp"
#include "standins/openrouter_validate.hpp"
#include "standins/server.hpp"

namespace standins {

class openrouter::service {
 public:
  explicit service(const options& chosen)
      : options_(chosen),
        server_(chosen.tls, [this](const request& r, exchange& x) { serve(r, x); }) {}

  const standins::server& server() const { return server_; }

  void enqueue(scripted_reply reply) {
    const std::lock_guard<std::mutex> lock(mutex_);
    replies_.push_back(std::move(reply));
  }

  void enqueue(fault next) {
    const std::lock_guard<std::mutex> lock(mutex_);
    faults_.push_back(std::move(next));
  }

  void let_generations_be_late(int times) { account_.be_late(times); }

 private:
  void serve(const request& from, exchange& with) {
    if (from.path == "/api/v1/chat/completions" && from.method == "POST") return chat(from, with);
    const bool reads = from.method == "GET" || from.method == "HEAD";
    if (reads) {
      const http_answer listed = openrouter_catalogue::answer(from);  // open to everybody
      if (listed.status != 0) return send(with, listed);
    }
    const bool embeds = from.path == "/api/v1/embeddings" && from.method == "POST";
    if ((embeds || reads) && !authorized(from)) {
      return send(with, unauthorized(from));
    }
    if (embeds) return embeddings(from, with);
    send(with, account_.answer(from));
  }

  void embeddings(const request& from, exchange& with) {
    json::error_code failed;
    const json::value body = json::parse(from.body, failed);
    if (failed) {
      return send(with, json_answer(400, error_envelope(400, "The body is not valid JSON")));
    }
    std::string model = text_member(body, "model");
    fault wrong;
    try {
      wrong = next_fault(from, model);
    } catch (const std::invalid_argument& unknown) {
      return send(with, json_answer(400, error_envelope(400, unknown.what())));
    }
    if (!with.wait(wrong.delay_head)) return;
    if (wrong.stall.at == fault::place::head) return with.wait_for_ever();
    if (wrong.cut.at == fault::place::head) return with.cut(wrong.reset);
    const std::string id = "gen-emb-" + unique();
    http_answer made = wrong.error.empty() ? embeddings_endpoint::answer(body, id)
                                           : error_answer(wrong.error, error_context());
    if (made.status == 200) made.headers.emplace_back("X-Generation-Id", id);
    delivery(with, wrong).whole(std::move(made));
  }

  void chat(const request& from, exchange& with) {
    if (!authorized(from)) return send(with, unauthorized(from));
    json::error_code failed;
    const json::value body = json::parse(from.body, failed);
    const std::string problem =
        failed ? "The request body is not valid JSON" : chat_validator::problem(body);
    if (!problem.empty()) return send(with, json_answer(400, error_envelope(400, problem)));

    std::string model = model_of(body);
    fault wrong;
    try {
      wrong = next_fault(from, model);
    } catch (const std::invalid_argument& unknown) {
      return send(with, json_answer(400, error_envelope(400, unknown.what())));
    }
    answer(from, body, model, wrong, with);
  }

  void answer(const request& from, const json::value& body, const std::string& model,
              const fault& wrong, exchange& with) {
    if (!with.wait(wrong.delay_head)) return;
    if (wrong.stall.at == fault::place::head) return with.wait_for_ever();
    if (wrong.cut.at == fault::place::head) return with.cut(wrong.reset);
    error_context about;
    about.model = model;
    about.provider = std::string(family_of(model).provider);
    about.user_text = last_user_text(body);
    about.retry_after = wrong.retry_after;
    if (!wrong.redirect.empty()) {
      delivery(with, wrong).whole({302, {{"Location", wrong.redirect}}, ""});
      return;
    }
    if (!wrong.error.empty()) {
      delivery(with, wrong).whole(error_answer(wrong.error, about));
      return;
    }

    scripted_reply said = next_reply(body);
    if (wrong.unicode) said.text += " \xc5\xaf \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x90\x89";
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const completion reply = complete(body, model, said, unique(),
                                      std::chrono::duration_cast<std::chrono::seconds>(now).count(),
                                      same_text(from.header("X-OpenRouter-Metadata"), "enabled"));
    account_.begin(reply, body, from);
    if (is_true(body, "stream")) {
      stream_reply(reply, said, wrong, about, with);
    } else {
      whole_reply(reply, said, wrong, about, with);
    }
    const auto took = std::chrono::steady_clock::now() - from.arrived;
    account_.end(reply, std::chrono::duration_cast<std::chrono::milliseconds>(took), with.gone());
  }

  void stream_reply(const completion& reply, const scripted_reply& said, const fault& wrong,
                    const error_context& about, exchange& with) {
    const std::vector<stream_event> events = stream_writer(reply, wrong, about).events();
    pace tempo = options_.pace;
    tempo.first_token = said.first_token.value_or(tempo.first_token);
    if (said.duration) {
      tempo.chunk = (*said.duration - tempo.first_token) / static_cast<long>(events.size());
    }
    delivery(with, wrong)
        .streamed({{"Content-Type", "text/event-stream"},
                   {"Cache-Control", "no-cache"},
                   {"X-Generation-Id", reply.id}},
                  events, tempo);
  }

  void whole_reply(const completion& reply, const scripted_reply& said, const fault& wrong,
                   const error_context& about, exchange& with) {
    const auto chunks = static_cast<long>(pieces(reply.text).size() + reply.tool_calls.size());
    const auto first = said.first_token.value_or(options_.pace.first_token);
    if (!with.wait(said.duration.value_or(first + chunks * options_.pace.chunk))) return;
    http_answer answer = json_answer(200, whole_body(reply, wrong, about));
    answer.headers.emplace_back("X-Generation-Id", reply.id);
    if (wrong.malformed) answer.body.resize(answer.body.size() / 2);
    delivery(with, wrong).whole(std::move(answer));
  }

  static json::object whole_body(const completion& reply, const fault& wrong,
                                 const error_context& about) {
    json::object body = result_json(reply);
    json::object& choice = body["choices"].get_array().front().get_object();
    json::object& message = choice["message"].get_object();
    if (wrong.stream_error == "choice") {
      choice["finish_reason"] = "error";
      choice["native_finish_reason"] = "error";
      choice["error"] = stream_error(wrong.stream_error, about);
      message["content"] =
          reply.text.substr(0, whole_characters(reply.text, reply.text.size() / 2));
    } else if (!wrong.stream_error.empty()) {
      return {{"error", stream_error(wrong.stream_error, about)}, {"user_id", nullptr}};
    }
    if (wrong.no_finish_reason) choice["finish_reason"] = nullptr;
    if (wrong.no_usage) body.erase("usage");
    if (wrong.null_usage) body["usage"] = nullptr;
    if (json::value* calls = message.if_contains("tool_calls")) {
      for (json::value& call : calls->get_array()) {
        if (wrong.no_tool_id) call.get_object().erase("id");
        if (wrong.no_tool_index) call.get_object().erase("index");
        if (wrong.no_tool_arguments) call.at("function").get_object().erase("arguments");
      }
    }
    return body;
  }

  bool authorized(const request& from) const {
    const std::string sent = from.header("Authorization");
    for (const std::string& accepted : options_.keys) {
      if (sent == "Bearer " + accepted) return true;
    }
    return false;
  }

  static http_answer unauthorized(const request& from) {
    if (from.has_header("Authorization")) return error_answer("401", {});
    return json_answer(401, error_envelope(401, "Missing Authentication header"));
  }

  static void send(exchange& with, const http_answer& answer) {
    with.answer(answer.status, answer.headers, answer.body);
  }

  /// The account's default where the request names none.
  static std::string model_of(const json::value& body) {
    std::string model = text_member(body, "model");
    const json::value* models = member(body, "models");
    if (model.empty() && models != nullptr && !models->get_array().empty() &&
        models->get_array().front().is_string()) {
      model = std::string(view(models->get_array().front().get_string()));
    }
    return model.empty() ? "openai/gpt-4o-mini" : model;
  }

  fault next_fault(const request& from, std::string& model) {
    std::optional<fault> asked = fault_of_model(model);
    if (from.has_header("x-standin-fault")) asked = fault::parse(from.header("x-standin-fault"));
    if (asked) return *asked;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (faults_.empty()) return {};
    fault next = std::move(faults_.front());
    faults_.pop_front();
    return next;
  }

  scripted_reply next_reply(const json::value& body) {
    const std::string text = last_user_text(body);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (auto i = replies_.begin(); i != replies_.end(); ++i) {
        if (!i->when.empty() && text.find(i->when) == text.npos) continue;
        scripted_reply found = std::move(*i);
        replies_.erase(i);
        return found;
      }
    }
    return reply_by_rule(body);
  }

  /// Twenty letters and digits, never the same twice from one server.
  std::string unique() {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::uint64_t number =
        (++served_ << 20 ^ static_cast<std::uint64_t>(server_.port())) * 0x9e3779b97f4a7c15u;
    std::string out;
    while (out.size() < 20) {
      constexpr char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
      out += letters[(number >> 32) % 62];
      number = number * 6364136223846793005u + 1442695040888963407u;
    }
    return out;
  }

  const options options_;
  std::mutex mutex_;
  std::deque<fault> faults_;
  std::deque<scripted_reply> replies_;
  std::uint64_t served_ = 0;
  openrouter_account account_;
  standins::server server_;  // last: its threads use the members above
};

openrouter::openrouter() : openrouter(options()) {}
openrouter::openrouter(const options& chosen) : service_(std::make_unique<service>(chosen)) {}
openrouter::~openrouter() = default;

int openrouter::port() const { return service_->server().port(); }
std::string openrouter::origin() const { return service_->server().origin(); }
std::string openrouter::ca_pem() const { return service_->server().ca_pem(); }

void openrouter::enqueue(scripted_reply reply) { service_->enqueue(std::move(reply)); }
void openrouter::enqueue(fault next) { service_->enqueue(std::move(next)); }
void openrouter::let_generations_be_late(int times) { service_->let_generations_be_late(times); }

std::vector<request> openrouter::requests() const { return service_->server().requests().all(); }
bool openrouter::wait_for_requests(std::size_t count, std::chrono::milliseconds timeout) const {
  return service_->server().requests().wait_for(count, timeout);
}
std::size_t openrouter::disconnects() const { return service_->server().disconnects().size(); }
bool openrouter::wait_for_disconnects(std::size_t count, std::chrono::milliseconds timeout) const {
  return service_->server().disconnects().wait_for(count, timeout);
}

}  // namespace standins

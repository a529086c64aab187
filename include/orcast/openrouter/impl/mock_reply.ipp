// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>

#include "orcast/openrouter/impl/json_write.hpp"
#include "orcast/openrouter/impl/reply_fields.hpp"
#include "orcast/openrouter/mock_reply.hpp"

namespace orcast {
inline namespace v0 {

ORCAST_DECL http::fake_reply mock_reply::error(int status, std::string_view message,
                                               int retry_after_s) {
  std::vector<http::header> headers = {{"Content-Type", "application/json", false}};
  if (retry_after_s >= 0) headers.push_back({"Retry-After", std::to_string(retry_after_s), false});
  mock_reply said("");
  said.then_error(status, std::string(message));
  return http::fake_reply::whole(status, "{\"error\":" + said.error_json() + "}",
                                 std::move(headers));
}

ORCAST_DECL std::string_view mock_reply::why() const noexcept {
  if (ending_ == ending::error) return "error";
  if (!finish_reason_.empty()) return finish_reason_;
  return tool_calls_.empty() ? "stop" : "tool_calls";
}

ORCAST_DECL std::string mock_reply::error_json() const {
  std::string json;
  detail::object_writer error(json);
  error.number("code", error_code_);
  detail::append_repaired_string(error.key("message"), error_message_);
  error.close();
  return json;
}

ORCAST_DECL std::string mock_reply::usage_json() const {
  std::string json;
  detail::object_writer usage(json);
  usage.number("prompt_tokens", prompt_tokens_);
  usage.number("completion_tokens", completion_tokens_);
  usage.number("total_tokens", detail::add_counts(prompt_tokens_, completion_tokens_));
  usage.json("cost", cost_);
  usage.close();
  return json;
}

ORCAST_DECL std::string mock_reply::tool_calls_json() const {
  std::string json;
  for (std::size_t i = 0; i < tool_calls_.size(); ++i) {
    json += i == 0 ? '[' : ',';
    detail::object_writer call(json);
    call.number("index", static_cast<std::int64_t>(i));
    call.text("id", tool_calls_[i].id);
    call.text("type", "function");
    detail::object_writer function(call.key("function"));
    detail::append_repaired_string(function.key("name"), tool_calls_[i].name);
    detail::append_repaired_string(function.key("arguments"), tool_calls_[i].arguments);
    function.close();
    call.close();
  }
  return json + "]";
}

/// An event. `delta` is JSON; without `finish` the answer goes on.
ORCAST_DECL std::string mock_reply::chunk(std::string_view delta, std::string_view finish) const {
  std::string out = "data: ";
  detail::object_writer event(out);
  event.text("id", "gen-mock");
  event.text("model", model_);
  event.text("provider", "Mock");
  if (finish == "error") event.json("error", error_json());
  event.key("choices") += "[{\"index\":0,\"delta\":";
  out.append(delta).append(",\"finish_reason\":");
  if (finish.empty()) {
    out += "null";
  } else {
    detail::append_repaired_string(out, finish);
  }
  out += "}]";
  event.close();
  return out + "\n\n";
}

ORCAST_DECL http::fake_reply mock_reply::stream(bool paced) const {
  http::fake_reply reply;
  reply.head(
      200, {{"Content-Type", "text/event-stream", false}, {"X-Generation-Id", "gen-mock", false}});
  const auto say = [&](const char* member, std::string_view words) {
    while (!words.empty()) {
      const std::size_t end = (std::min)(words.find(' '), words.size() - 1) + 1;
      std::string delta;
      detail::object_writer whole(delta);
      whole.text("role", "assistant");
      detail::append_repaired_string(whole.key(member), words.substr(0, end));
      whole.close();
      reply.data(chunk(delta, {}));
      if (paced) reply.next_poll();
      words.remove_prefix(end);
    }
  };
  say("reasoning", reasoning_);
  say("content", text_);
  if (!tool_calls_.empty()) reply.data(chunk("{\"tool_calls\":" + tool_calls_json() + "}", {}));
  std::string rest = chunk("{}", why());
  if (ending_ == ending::proper) {
    rest += "data: {\"id\":\"gen-mock\",\"model\":";
    detail::append_repaired_string(rest, model_);
    rest += ",\"choices\":[],\"usage\":" + usage_json() + "}\n\ndata: [DONE]\n\n";
  }
  end(reply, rest);
  return reply;
}

ORCAST_DECL http::fake_reply mock_reply::whole() const {
  std::string json;
  detail::object_writer body(json);
  body.text("id", "gen-mock");
  body.text("model", model_);
  body.text("provider", "Mock");
  body.key("choices") += "[";
  detail::object_writer choice(json);
  choice.number("index", 0);
  detail::object_writer said(choice.key("message"));
  said.text("role", "assistant");
  if (text_.empty() && !tool_calls_.empty()) {
    said.null("content");
  } else {
    detail::append_repaired_string(said.key("content"), text_);
  }
  if (!reasoning_.empty()) detail::append_repaired_string(said.key("reasoning"), reasoning_);
  if (!tool_calls_.empty()) said.json("tool_calls", tool_calls_json());
  said.close();
  detail::append_repaired_string(choice.key("finish_reason"), why());
  if (ending_ == ending::error) choice.json("error", error_json());
  choice.close();
  json += ']';
  body.json("usage", usage_json());
  body.close();
  http::fake_reply reply;
  reply.head(200,
             {{"Content-Type", "application/json", false}, {"X-Generation-Id", "gen-mock", false}});
  if (ending_ == ending::cut || ending_ == ending::silence) {
    reply.data(json.substr(0, json.size() / 2));
    json.clear();
  }
  end(reply, json);
  return reply;
}

ORCAST_DECL void mock_reply::end(http::fake_reply& reply, std::string_view rest) const {
  if (ending_ == ending::cut) {
    reply.fail(errc::disconnected, "the connection was cut");
  } else if (ending_ == ending::silence) {
    reply.never();
  } else {
    reply.data(std::string(rest));
  }
}

}  // namespace v0
}  // namespace orcast

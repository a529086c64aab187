// SPDX-License-Identifier: MIT
//
// Reads bodies of chat requests, a line each, and prints what orcast makes of each: {"body": the
// body that it would send, "rest": what found no place of its own, by where it was}.

#include <iostream>
#include <string>
#include <type_traits>
#include <vector>

#include <boost/json.hpp>

#include "orcast/openrouter/impl/request_members.hpp"
#include "orcast/orcast.hpp"

namespace {

/// Collects the members without a place of their own, of all objects in a request.
class rest_of_request {
 public:
  explicit rest_of_request(boost::json::object& rest) : rest_(rest) {}

  template <class T>
  void operator()(const char* name, const T& value, orcast::detail::json_shape = {}) {
    const std::size_t outer = path_.size();
    path_.append(path_.empty() ? "" : ".").append(name);
    look(value, 0);
    path_.resize(outer);
  }
  void operator()(orcast::detail::others, const char*, const orcast::json_text& json) {
    add(path_, json);
  }
  void add(const std::string& path, const std::string& json) {
    if (json.empty()) return;
    const boost::json::value whole = boost::json::parse(json);
    for (const auto& member : whole.as_object()) {
      rest_[path + (path.empty() ? "" : ".") + std::string(member.key())] = member.value();
    }
  }

 private:
  template <class T>
  auto look(const T& value, int) -> decltype(sizeof(orcast::detail::members<T>), void()) {
    orcast::detail::members<T>::visit(value, *this);
  }
  template <class T>
  auto look(const std::vector<T>& values, int)
      -> decltype(sizeof(orcast::detail::members<T>), void()) {
    for (const T& each : values) orcast::detail::members<T>::visit(each, *this);
  }
  template <class T>
  void look(const T&, long) {}

  boost::json::object& rest_;
  std::string path_;
};

boost::json::object report(const std::string& line) {
  orcast::result<orcast::chat_request> read = orcast::parse_chat_request(line);
  if (!read) return {{"error", read.error().message}};
  boost::json::object rest;
  rest_of_request collect(rest);
  orcast::detail::visit_parameters(*read, collect);
  collect("trace", read->trace);
  collect.add("", read->extra);
  for (const orcast::message& each : read->messages) {
    collect.add("messages", each.extra);
    for (const orcast::content_part& part : each.parts) {
      if (part.type == "text" && !part.json.empty()) collect.add("messages.text", part.json);
    }
  }
  for (const orcast::tool& each : read->tools) {
    if (!each.json.empty() && !each.name.empty()) collect.add("tools", each.json);
  }
  if (!read->response_format.json.empty()) {
    collect.add("response_format", read->response_format.json);
  }
  std::string body;
  const orcast::result<void> written = append_json(*read, body);
  if (!written) return {{"error", written.error().message}};
  return {{"body", boost::json::parse(body)}, {"rest", std::move(rest)}};
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << boost::json::serialize(report(line)) << "\n";
  }
}

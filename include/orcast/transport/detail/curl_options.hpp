// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orcast/core/secret.hpp"
#include "orcast/http/request.hpp"
#include "orcast/http/response.hpp"
#include "orcast/transport/detail/libcurl.hpp"

// How a request becomes options of a libcurl handle. Every refusal counts: an option that did not
// take could be the one that checks certificates.

namespace orcast {
inline namespace v0 {

struct curl_options {
  /// Certificate authorities to trust instead of libcurl's own: a PEM file, or PEM text, which
  /// wins.
  std::string ca_file;
  std::string ca_pem;
  /// Plain http to other machines. Keys then travel readable; http to this machine always works.
  bool allow_insecure_http = false;
};

namespace transport_detail {

/// Sets options until one is refused.
class curl_setter {
 public:
  explicit curl_setter(CURL* easy) : easy_(easy) {}

  template <class Value>
  void operator()(CURLoption option, Value value) {
    if (ok_) ok_ = curl_easy_setopt(easy_, option, value) == CURLE_OK;
  }
  bool ok() const noexcept { return ok_; }

 private:
  CURL* easy_;
  bool ok_ = true;
};

/// The header lines of a request, as libcurl wants them. Overwrites its copies of the keys.
class curl_headers {
 public:
  curl_headers() = default;
  curl_headers(const curl_headers&) = delete;
  curl_headers& operator=(const curl_headers&) = delete;
  ~curl_headers() {
    for (curl_slist* line = list_; line != nullptr; line = line->next) {
      wipe(line->data, std::string_view(line->data).size());
    }
    curl_slist_free_all(list_);
  }

  /// False when memory ran out.
  bool fill(const http::request& request) {
    bool has_agent = false;
    bool has_type = false;
    bool added = add("Expect:");  // without a value: libcurl shall not send its own
    for (const http::header& line : request.headers) {
      added = added && add(line.name + (line.value.empty() ? ";" : ": " + line.value));
      has_agent = has_agent || http::same_name(line.name, "user-agent");
      has_type = has_type || http::same_name(line.name, "content-type");
    }
    if (!has_agent) added = added && add(std::string("User-Agent: orcast/") + version);
    if (!has_type) added = added && add("Content-Type:");
    return added;
  }
  curl_slist* get() const noexcept { return list_; }

 private:
  bool add(std::string text) {
    curl_slist* longer = curl_slist_append(list_, text.c_str());
    wipe(text.data(), text.size());
    if (longer != nullptr) list_ = longer;
    return longer != nullptr;
  }

  curl_slist* list_ = nullptr;
};

inline void set_request(curl_setter& set, const http::request& request, curl_slist* headers,
                        bool secure) {
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, secure ? "https" : "http");
  set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");  // not even one from the environment
  set(CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_HTTPHEADER, headers);

  // 0 means five minutes to libcurl, and no limit to us.
  constexpr std::int64_t longest_ms = 0x7fffffff;
  const std::int64_t connect_ms = request.limits.connect_ms;
  const bool limited = connect_ms > 0 && connect_ms < longest_ms;
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limited ? connect_ms : longest_ms));

  const std::string& method = request.method;
  const std::size_t size = request.body_size();
  if (method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (size > 0 || method == "POST" || method == "PUT" || method == "PATCH") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(size));
    // A batch of spans in one piece. libcurl's own pieces of 64 KiB cost a call and a look at the
    // socket each; the buffer is there while a request is being sent.
    constexpr std::size_t usual = std::size_t{64} << 10;
    constexpr std::size_t most = std::size_t{512} << 10;
    set(CURLOPT_UPLOAD_BUFFERSIZE, static_cast<long>((std::clamp)(size, usual, most)));
  } else {
    set(CURLOPT_HTTPGET, 1L);
  }
  set(CURLOPT_CUSTOMREQUEST, method.c_str());
}

inline void set_trust(curl_setter& set, const curl_options& options) {
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.ca_pem.empty()) {
    curl_blob pem{const_cast<char*>(options.ca_pem.data()), options.ca_pem.size(),
                  CURL_BLOB_NOCOPY};
    set(CURLOPT_CAINFO_BLOB, &pem);
  }
  // A directory would be trusted beside what was given; and while there is one, libcurl reads the
  // whole bundle anew for every connection instead of keeping it (CURLOPT_CA_CACHE_TIMEOUT).
  if (!options.ca_file.empty() || !options.ca_pem.empty() ||
      curl_version_info(CURLVERSION_NOW)->cainfo != nullptr) {
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast

// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <dirent.h>

#include "orcast/core/result.hpp"
#include "orcast/transport/detail/openssl.hpp"

// The OpenSSL context that the connections of one transport share: verification on, TLS 1.2 or
// newer, and one store of certificate authorities, loaded once. Loading a whole bundle takes tens
// of milliseconds, so it happens on the thread that first needs it and never in a constructor.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

class tls_context {
 public:
  /// With both empty the machine's own authorities are used.
  tls_context(std::string ca_file, std::string ca_pem)
      : ca_file_(std::move(ca_file)), ca_pem_(std::move(ca_pem)) {}
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;

  /// Any thread. The context lives as long as this object. A failure (errc::trust_store) is not
  /// remembered: the next call tries again.
  result<SSL_CTX*> get();

 private:
  struct context_deleter {
    void operator()(SSL_CTX* context) const noexcept { ::SSL_CTX_free(context); }
  };
  struct bio_deleter {
    void operator()(BIO* bio) const noexcept { ::BIO_free(bio); }
  };
  struct directory_closer {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
  };

  bool load_authorities(X509_STORE* store) const;
  bool load_pem(X509_STORE* store) const;
  static bool load_system(X509_STORE* store);
  static bool has_hashed_certificate(std::string_view directories);
  static bool has_objects(X509_STORE* store) noexcept {
    return ::sk_X509_OBJECT_num(::X509_STORE_get0_objects(store)) > 0;
  }

  std::string ca_file_;
  std::string ca_pem_;
  std::mutex mutex_;
  std::unique_ptr<SSL_CTX, context_deleter> context_;
};

inline result<SSL_CTX*> tls_context::get() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (context_ != nullptr) return context_.get();

  std::unique_ptr<SSL_CTX, context_deleter> context(::SSL_CTX_new(::TLS_client_method()));
  if (context == nullptr) return failure(errc::tls, "OpenSSL could not make a context");
  constexpr unsigned char protocols[] = "\x08http/1.1";
  ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  ::SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      ::SSL_CTX_set_alpn_protos(context.get(), protocols, sizeof(protocols) - 1) != 0) {
    return failure(errc::tls, "OpenSSL refused TLS 1.2 or the protocol list");
  }
  const bool loaded = load_authorities(::SSL_CTX_get_cert_store(context.get()));
  ::ERR_clear_error();
  if (!loaded) {
    return failure(errc::trust_store,
                   ca_pem_.empty() && ca_file_.empty()
                       ? "no certificate authorities found on this machine"
                       : "no certificate authority could be read from the given file or text");
  }
  context_ = std::move(context);
  return context_.get();
}

inline bool tls_context::load_authorities(X509_STORE* store) const {
  if (ca_file_.empty() && ca_pem_.empty()) return load_system(store);
  if (!ca_file_.empty() && ::X509_STORE_load_locations(store, ca_file_.c_str(), nullptr) != 1) {
    return false;
  }
  if (!ca_pem_.empty() && !load_pem(store)) return false;
  return has_objects(store);
}

inline bool tls_context::load_pem(X509_STORE* store) const {
  const std::unique_ptr<BIO, bio_deleter> text(
      ::BIO_new_mem_buf(ca_pem_.data(), static_cast<int>(ca_pem_.size())));
  if (text == nullptr) return false;
  bool any = false;
  while (X509* certificate = ::PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)) {
    any = ::X509_STORE_add_cert(store, certificate) == 1 || any;
    ::X509_free(certificate);
  }
  return any;
}

inline bool tls_context::load_system(X509_STORE* store) {
  // OpenSSL's own places come first; they honour SSL_CERT_FILE and SSL_CERT_DIR. A directory of
  // hashed names is read one certificate at a time, when it is needed, so the store stays empty.
  ::X509_STORE_set_default_paths(store);
  const char* directories = std::getenv(::X509_get_default_cert_dir_env());
  if (directories == nullptr) directories = ::X509_get_default_cert_dir();
  if (has_objects(store) || has_hashed_certificate(directories)) return true;

  // An OpenSSL that was built on another machine looks in that machine's places.
  for (const char* bundle :
       {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    if (::X509_STORE_load_locations(store, bundle, nullptr) == 1 && has_objects(store)) return true;
  }
  return false;
}

inline bool tls_context::has_hashed_certificate(std::string_view directories) {
  while (!directories.empty()) {
    const std::size_t colon = directories.find(':');
    const std::string path(directories.substr(0, colon));
    directories =
        colon == std::string_view::npos ? std::string_view() : directories.substr(colon + 1);
    const std::unique_ptr<DIR, directory_closer> directory(::opendir(path.c_str()));
    if (directory == nullptr) continue;
    while (const dirent* entry = ::readdir(directory.get())) {
      // "4a6481c9.0": eight hexadecimal digits of the subject's hash, and a number.
      if (std::strspn(entry->d_name, "0123456789abcdef") == 8 && entry->d_name[8] == '.') {
        return true;
      }
    }
  }
  return false;
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast

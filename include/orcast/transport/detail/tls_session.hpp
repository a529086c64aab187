// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "orcast/core/result.hpp"
#include "orcast/transport/detail/openssl.hpp"
#include "orcast/transport/detail/tcp_socket.hpp"

// TLS over a tcp_socket, as a client that always checks the peer's certificate and name. OpenSSL's
// own socket layer writes in a way that raises SIGPIPE, so it gets one that calls tcp_socket. That
// one feeds a single call of OpenSSL only so much: messages that say nothing are skipped within the
// call, for as long as a peer sends them, and no deadline and no cancel would be looked at.

namespace orcast {
inline namespace v0 {
namespace transport_detail {

class tls_session {
 public:
  /// Null when OpenSSL is out of memory or can't use the host's name. `under` outlives the session.
  static std::unique_ptr<tls_session> make(SSL_CTX* context, tcp_socket& under,
                                           const std::string& host);

  /// To be repeated after want_read and want_write; broken: why_not() tells.
  io handshake() noexcept { return outcome_of(::SSL_connect(start())); }
  io read(char* to, std::size_t size, std::size_t& got) noexcept {
    return outcome_of(::SSL_read_ex(start(), to, size, &got));
  }
  io write(const char* from, std::size_t size, std::size_t& put) noexcept {
    return outcome_of(::SSL_write_ex(start(), from, size, &put));
  }
  bool has_pending() const noexcept { return ::SSL_has_pending(ssl_.get()) == 1; }
  void say_goodbye() noexcept { ::SSL_shutdown(start()); }

  /// Right after a broken handshake.
  failure why_not() const;

 private:
  struct deleter {
    void operator()(SSL* session) const noexcept { ::SSL_free(session); }
    void operator()(BIO_METHOD* method) const noexcept { ::BIO_meth_free(method); }
  };

  tls_session() = default;

  SSL* start() noexcept {
    ::ERR_clear_error();  // SSL_get_error() reads the thread's queue, old entries mislead it
    taken_ = 0;
    return ssl_.get();
  }

  io outcome_of(int outcome) noexcept {
    if (outcome > 0) return io::done;
    switch (::SSL_get_error(ssl_.get(), outcome)) {
      case SSL_ERROR_WANT_READ:
        return io::want_read;
      case SSL_ERROR_WANT_WRITE:
        return io::want_write;
      case SSL_ERROR_ZERO_RETURN:
        return io::closed;
      default:
        return io::broken;
    }
  }

  // Two records. A call that needs more, for a long chain of certificates, is repeated.
  static constexpr std::size_t most_taken = std::size_t{32} << 10;

  static BIO_METHOD* make_method() noexcept;
  static int on_write(BIO* bio, const char* from, int size) noexcept;
  static int on_read(BIO* bio, char* to, int size) noexcept;
  static long on_control(BIO*, int command, long, void*) noexcept {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  tcp_socket* under_ = nullptr;
  std::size_t taken_ = 0;                        // from it, by the call that runs
  std::unique_ptr<BIO_METHOD, deleter> method_;  // before ssl_, which uses it to its end
  std::unique_ptr<SSL, deleter> ssl_;
};

inline std::unique_ptr<tls_session> tls_session::make(SSL_CTX* context, tcp_socket& under,
                                                      const std::string& host) {
  std::unique_ptr<tls_session> made(new tls_session);
  made->method_.reset(make_method());
  made->ssl_.reset(::SSL_new(context));
  BIO* bio = made->method_ != nullptr ? ::BIO_new(made->method_.get()) : nullptr;
  if (made->ssl_ == nullptr || bio == nullptr) {
    ::BIO_free(bio);
    return nullptr;
  }
  made->under_ = &under;
  ::BIO_set_data(bio, made.get());
  ::BIO_set_init(bio, 1);
  SSL* ssl = made->ssl_.get();
  ::SSL_set_bio(ssl, bio, bio);

  // An address is held against the certificate's addresses, a name against its names.
  X509_VERIFY_PARAM* rules = ::SSL_get0_param(ssl);
  ::X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (::X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1) return made;
  if (::X509_VERIFY_PARAM_set1_host(rules, host.data(), host.size()) != 1) return nullptr;
  if (::SSL_set_tlsext_host_name(ssl, host.c_str()) != 1) return nullptr;
  return made;
}

inline failure tls_session::why_not() const {
  const long verdict = ::SSL_get_verify_result(ssl_.get());
  if (verdict != X509_V_OK) {
    return failure(errc::tls, std::string("certificate rejected: ") +
                                  ::X509_verify_cert_error_string(verdict));
  }
  const char* reason = ::ERR_reason_error_string(::ERR_peek_last_error());
  return failure(errc::tls, std::string("TLS handshake failed: ") +
                                (reason != nullptr ? reason : "the connection was cut"));
}

inline BIO_METHOD* tls_session::make_method() noexcept {
  BIO_METHOD* method = ::BIO_meth_new(BIO_TYPE_SOURCE_SINK, "orcast socket");
  if (method == nullptr) return nullptr;
  ::BIO_meth_set_write(method, &on_write);
  ::BIO_meth_set_read(method, &on_read);
  ::BIO_meth_set_ctrl(method, &on_control);
  return method;
}

inline int tls_session::on_write(BIO* bio, const char* from, int size) noexcept {
  std::size_t put = 0;
  ::BIO_clear_retry_flags(bio);
  const io outcome = static_cast<tls_session*>(::BIO_get_data(bio))
                         ->under_->write(from, static_cast<std::size_t>(size), put);
  if (outcome == io::want_write) ::BIO_set_retry_write(bio);
  return outcome == io::done ? static_cast<int>(put) : -1;
}

inline int tls_session::on_read(BIO* bio, char* to, int size) noexcept {
  std::size_t got = 0;
  ::BIO_clear_retry_flags(bio);
  tls_session& self = *static_cast<tls_session*>(::BIO_get_data(bio));
  const io outcome = self.taken_ >= most_taken
                         ? io::want_read
                         : self.under_->read(to, static_cast<std::size_t>(size), got);
  self.taken_ += got;
  if (outcome == io::want_read) ::BIO_set_retry_read(bio);
  if (outcome == io::closed) return 0;
  return outcome == io::done ? static_cast<int>(got) : -1;
}

}  // namespace transport_detail
}  // namespace v0
}  // namespace orcast

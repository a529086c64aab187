// SPDX-License-Identifier: MIT
//
// A self-signed certificate made at run time, and the OpenSSL context that serves it: so that the
// stand-ins speak TLS and no key lies in the repository. It can be made wrong on purpose (expired,
// for another host), because a client that accepts such a certificate has a hole.

#pragma once

#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "standins/tls_options.hpp"

namespace standins {

class tls_identity {
 public:
  explicit tls_identity(const tls_options& options) {
    const key_ptr key = make_key();
    const certificate_ptr certificate = make_certificate(options, key.get());
    context_.reset(SSL_CTX_new(TLS_server_method()));
    require(context_ && SSL_CTX_use_certificate(context_.get(), certificate.get()) == 1 &&
            SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    pem_ = to_pem(certificate.get());
  }

  SSL_CTX* context() const { return context_.get(); }

  /// What a client must trust: the certificate itself.
  const std::string& pem() const { return pem_; }

 private:
  struct release {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  };
  using key_ptr = std::unique_ptr<EVP_PKEY, release>;
  using certificate_ptr = std::unique_ptr<X509, release>;

  static void require(bool done) {
    if (!done) throw std::runtime_error("OpenSSL could not make the stand-in's certificate");
  }

  static key_ptr make_key() {
    const std::unique_ptr<EVP_PKEY_CTX, release> context(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr));
    EVP_PKEY* key = nullptr;
    require(context && EVP_PKEY_keygen_init(context.get()) == 1 &&
            EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1) == 1 &&
            EVP_PKEY_keygen(context.get(), &key) == 1);
    return key_ptr(key);
  }

  static certificate_ptr make_certificate(const tls_options& options, EVP_PKEY* key) {
    constexpr long day = 24 * 60 * 60;
    certificate_ptr made(X509_new());
    X509* const certificate = made.get();
    require(certificate != nullptr);
    // A serial number of its own for each: clients keep certificates apart by issuer and number.
    unsigned char random[4] = {};
    require(RAND_bytes(random, sizeof random) == 1);
    const long serial = (random[0] & 0x7fL) << 24 | random[1] << 16 | random[2] << 8 | random[3];
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial | 1);
    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -30 * day);
    X509_gmtime_adj(X509_getm_notAfter(certificate), options.expired ? -day : day);
    X509_set_pubkey(certificate, key);

    X509_NAME* const name = X509_get_subject_name(certificate);
    const auto* common_name = reinterpret_cast<const unsigned char*>("orcast stand-in");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
    X509_set_issuer_name(certificate, name);

    const std::string hosts =
        options.host.empty() ? "IP:127.0.0.1,DNS:localhost" : "DNS:" + options.host;
    extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
    extend(certificate, NID_key_usage, "critical,digitalSignature,keyCertSign");
    extend(certificate, NID_ext_key_usage, "serverAuth");
    extend(certificate, NID_subject_key_identifier, "hash");
    extend(certificate, NID_subject_alt_name, hosts.c_str());
    require(X509_sign(certificate, key, EVP_sha256()) > 0);
    return made;
  }

  static void extend(X509* certificate, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, release> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value));
    require(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
  }

  static std::string to_pem(X509* certificate) {
    const std::unique_ptr<BIO, release> out(BIO_new(BIO_s_mem()));
    require(out && PEM_write_bio_X509(out.get(), certificate) == 1);
    char* text = nullptr;
    const long length = BIO_get_mem_data(out.get(), &text);
    return std::string(text, static_cast<std::size_t>(length));
  }

  std::unique_ptr<SSL_CTX, release> context_;
  std::string pem_;
};

}  // namespace standins

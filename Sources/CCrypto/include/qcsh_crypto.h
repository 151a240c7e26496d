/// Hashes of OpenSSL's libcrypto, loaded on first use.
#ifndef QCSH_CRYPTO_H
#define QCSH_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Loads libcrypto. Returns NULL, or what is wrong in words for a person.
const char *qcrypto_load(void);

/// SHA-256 of some bytes.
void qcrypto_sha256(const uint8_t *bytes, size_t length, uint8_t digest[32]);

/// HMAC-SHA-256 of some bytes under a key.
void qcrypto_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *bytes,
                         size_t length, uint8_t digest[32]);

/// A hash by its name in OpenSSL (`sha256`, `sha512`, `md5` …), or with a key an HMAC. Returns how
/// many bytes of `digest` were written, 0 when there is no such hash.
size_t qcrypto_digest(const char *name, const uint8_t *key, size_t key_length, bool has_key,
                      const uint8_t *bytes, size_t length, uint8_t digest[64]);

#endif

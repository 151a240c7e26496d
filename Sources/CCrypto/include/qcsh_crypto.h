/// Hashes of OpenSSL's libcrypto, loaded on first use.
#ifndef QCSH_CRYPTO_H
#define QCSH_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

/// Loads libcrypto. Returns NULL, or what is wrong in words for a person.
const char *qcrypto_load(void);

/// SHA-256 of some bytes.
void qcrypto_sha256(const uint8_t *bytes, size_t length, uint8_t digest[32]);

/// HMAC-SHA-256 of some bytes under a key.
void qcrypto_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *bytes,
                         size_t length, uint8_t digest[32]);

#endif

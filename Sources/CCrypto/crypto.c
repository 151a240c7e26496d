#include "qcsh_crypto.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    unsigned char *(*sha256)(const unsigned char *, size_t, unsigned char *);
    const void *(*evp_sha256)(void);
    unsigned char *(*hmac)(const void *, const void *, int, const unsigned char *, size_t,
                           unsigned char *, unsigned *);
    const void *(*digest_by_name)(const char *);
    int (*digest)(const void *, size_t, unsigned char *, unsigned *, const void *, void *);
    int (*digest_size)(const void *);
} crypto;

static char load_error[300];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        snprintf(load_error, sizeof load_error, "libcrypto cannot be loaded (%s); install libssl3",
                 dlerror());
        return;
    }
    *(void **)&crypto.sha256 = dlsym(library, "SHA256");
    *(void **)&crypto.evp_sha256 = dlsym(library, "EVP_sha256");
    *(void **)&crypto.hmac = dlsym(library, "HMAC");
    *(void **)&crypto.digest_by_name = dlsym(library, "EVP_get_digestbyname");
    *(void **)&crypto.digest = dlsym(library, "EVP_Digest");
    *(void **)&crypto.digest_size = dlsym(library, "EVP_MD_get_size");
    if (crypto.digest_by_name == NULL || crypto.digest == NULL || crypto.digest_size == NULL) {
        snprintf(load_error, sizeof load_error, "libcrypto lacks EVP_Digest");
        return;
    }
    if (crypto.sha256 == NULL || crypto.evp_sha256 == NULL || crypto.hmac == NULL) {
        snprintf(load_error, sizeof load_error, "libcrypto lacks SHA256 or HMAC");
    }
}

const char *qcrypto_load(void) {
    pthread_once(&once, load);
    return load_error[0] == '\0' ? NULL : load_error;
}

/// Callers ask qcrypto_load first; one that did not must not go on with a wrong hash.
static void require(void) {
    const char *problem = qcrypto_load();
    if (problem == NULL) return;
    fprintf(stderr, "qcsh: %s\n", problem);
    abort();
}

void qcrypto_sha256(const uint8_t *bytes, size_t length, uint8_t digest[32]) {
    require();
    crypto.sha256(bytes, length, digest);
}

void qcrypto_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *bytes,
                         size_t length, uint8_t digest[32]) {
    require();
    unsigned written = 32;
    crypto.hmac(crypto.evp_sha256(), key, (int)key_length, bytes, length, digest, &written);
}

size_t qcrypto_digest(const char *name, const uint8_t *key, size_t key_length, bool has_key,
                      const uint8_t *bytes, size_t length, uint8_t digest[64]) {
    require();
    const void *kind = crypto.digest_by_name(name);
    if (kind == NULL || crypto.digest_size(kind) > 64) return 0;
    unsigned written = 64;
    if (has_key) {
        static const uint8_t none[1];
        unsigned char *done = crypto.hmac(kind, key != NULL ? key : none, (int)key_length, bytes,
                                          length, digest, &written);
        return done != NULL ? written : 0;
    }
    return crypto.digest(bytes, length, digest, &written, kind, NULL) == 1 ? written : 0;
}

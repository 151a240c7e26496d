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

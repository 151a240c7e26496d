#include "qcsh_resources.h"

static const uint8_t contract[] = {
#embed "contract.binpb"
};

qcsh_resource qcsh_contract(void) {
    return (qcsh_resource){"contract.binpb", contract, sizeof contract};
}

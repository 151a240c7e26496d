// Written by scripts/dev/embed from the files of /usr/share/lua/5.4/; do not edit.
#include "qcsh_resources.h"

static const uint8_t rock_luassert_array_lua[] = {
#embed "/usr/share/lua/5.4/luassert/array.lua"
};
static const uint8_t rock_luassert_assert_lua[] = {
#embed "/usr/share/lua/5.4/luassert/assert.lua"
};
static const uint8_t rock_luassert_assertions_lua[] = {
#embed "/usr/share/lua/5.4/luassert/assertions.lua"
};
static const uint8_t rock_luassert_compatibility_lua[] = {
#embed "/usr/share/lua/5.4/luassert/compatibility.lua"
};
static const uint8_t rock_luassert_formatters_binarystring_lua[] = {
#embed "/usr/share/lua/5.4/luassert/formatters/binarystring.lua"
};
static const uint8_t rock_luassert_formatters_init_lua[] = {
#embed "/usr/share/lua/5.4/luassert/formatters/init.lua"
};
static const uint8_t rock_luassert_init_lua[] = {
#embed "/usr/share/lua/5.4/luassert/init.lua"
};
static const uint8_t rock_luassert_languages_ar_lua[] = {
#embed "/usr/share/lua/5.4/luassert/languages/ar.lua"
};
static const uint8_t rock_luassert_languages_de_lua[] = {
#embed "/usr/share/lua/5.4/luassert/languages/de.lua"
};
static const uint8_t rock_luassert_languages_en_lua[] = {
#embed "/usr/share/lua/5.4/luassert/languages/en.lua"
};
static const uint8_t rock_luassert_languages_fr_lua[] = {
#embed "/usr/share/lua/5.4/luassert/languages/fr.lua"
};
static const uint8_t rock_luassert_languages_is_lua[] = {
#embed "/usr/share/lua/5.4/luassert/languages/is.lua"
};
static const uint8_t rock_luassert_languages_ja_lua[] = {
#embed "/usr/share/lua/5.4/luassert/languages/ja.lua"
};
static const uint8_t rock_luassert_languages_nl_lua[] = {
#embed "/usr/share/lua/5.4/luassert/languages/nl.lua"
};
static const uint8_t rock_luassert_languages_ru_lua[] = {
#embed "/usr/share/lua/5.4/luassert/languages/ru.lua"
};
static const uint8_t rock_luassert_languages_ua_lua[] = {
#embed "/usr/share/lua/5.4/luassert/languages/ua.lua"
};
static const uint8_t rock_luassert_languages_zh_lua[] = {
#embed "/usr/share/lua/5.4/luassert/languages/zh.lua"
};
static const uint8_t rock_luassert_match_lua[] = {
#embed "/usr/share/lua/5.4/luassert/match.lua"
};
static const uint8_t rock_luassert_matchers_composite_lua[] = {
#embed "/usr/share/lua/5.4/luassert/matchers/composite.lua"
};
static const uint8_t rock_luassert_matchers_core_lua[] = {
#embed "/usr/share/lua/5.4/luassert/matchers/core.lua"
};
static const uint8_t rock_luassert_matchers_init_lua[] = {
#embed "/usr/share/lua/5.4/luassert/matchers/init.lua"
};
static const uint8_t rock_luassert_mock_lua[] = {
#embed "/usr/share/lua/5.4/luassert/mock.lua"
};
static const uint8_t rock_luassert_modifiers_lua[] = {
#embed "/usr/share/lua/5.4/luassert/modifiers.lua"
};
static const uint8_t rock_luassert_namespaces_lua[] = {
#embed "/usr/share/lua/5.4/luassert/namespaces.lua"
};
static const uint8_t rock_luassert_spy_lua[] = {
#embed "/usr/share/lua/5.4/luassert/spy.lua"
};
static const uint8_t rock_luassert_state_lua[] = {
#embed "/usr/share/lua/5.4/luassert/state.lua"
};
static const uint8_t rock_luassert_stub_lua[] = {
#embed "/usr/share/lua/5.4/luassert/stub.lua"
};
static const uint8_t rock_luassert_util_lua[] = {
#embed "/usr/share/lua/5.4/luassert/util.lua"
};
static const uint8_t rock_say_init_lua[] = {
#embed "/usr/share/lua/5.4/say/init.lua"
};

static const qcsh_resource rocks[] = {
    {"luassert/array.lua", rock_luassert_array_lua, sizeof rock_luassert_array_lua},
    {"luassert/assert.lua", rock_luassert_assert_lua, sizeof rock_luassert_assert_lua},
    {"luassert/assertions.lua", rock_luassert_assertions_lua, sizeof rock_luassert_assertions_lua},
    {"luassert/compatibility.lua", rock_luassert_compatibility_lua, sizeof rock_luassert_compatibility_lua},
    {"luassert/formatters/binarystring.lua", rock_luassert_formatters_binarystring_lua, sizeof rock_luassert_formatters_binarystring_lua},
    {"luassert/formatters/init.lua", rock_luassert_formatters_init_lua, sizeof rock_luassert_formatters_init_lua},
    {"luassert/init.lua", rock_luassert_init_lua, sizeof rock_luassert_init_lua},
    {"luassert/languages/ar.lua", rock_luassert_languages_ar_lua, sizeof rock_luassert_languages_ar_lua},
    {"luassert/languages/de.lua", rock_luassert_languages_de_lua, sizeof rock_luassert_languages_de_lua},
    {"luassert/languages/en.lua", rock_luassert_languages_en_lua, sizeof rock_luassert_languages_en_lua},
    {"luassert/languages/fr.lua", rock_luassert_languages_fr_lua, sizeof rock_luassert_languages_fr_lua},
    {"luassert/languages/is.lua", rock_luassert_languages_is_lua, sizeof rock_luassert_languages_is_lua},
    {"luassert/languages/ja.lua", rock_luassert_languages_ja_lua, sizeof rock_luassert_languages_ja_lua},
    {"luassert/languages/nl.lua", rock_luassert_languages_nl_lua, sizeof rock_luassert_languages_nl_lua},
    {"luassert/languages/ru.lua", rock_luassert_languages_ru_lua, sizeof rock_luassert_languages_ru_lua},
    {"luassert/languages/ua.lua", rock_luassert_languages_ua_lua, sizeof rock_luassert_languages_ua_lua},
    {"luassert/languages/zh.lua", rock_luassert_languages_zh_lua, sizeof rock_luassert_languages_zh_lua},
    {"luassert/match.lua", rock_luassert_match_lua, sizeof rock_luassert_match_lua},
    {"luassert/matchers/composite.lua", rock_luassert_matchers_composite_lua, sizeof rock_luassert_matchers_composite_lua},
    {"luassert/matchers/core.lua", rock_luassert_matchers_core_lua, sizeof rock_luassert_matchers_core_lua},
    {"luassert/matchers/init.lua", rock_luassert_matchers_init_lua, sizeof rock_luassert_matchers_init_lua},
    {"luassert/mock.lua", rock_luassert_mock_lua, sizeof rock_luassert_mock_lua},
    {"luassert/modifiers.lua", rock_luassert_modifiers_lua, sizeof rock_luassert_modifiers_lua},
    {"luassert/namespaces.lua", rock_luassert_namespaces_lua, sizeof rock_luassert_namespaces_lua},
    {"luassert/spy.lua", rock_luassert_spy_lua, sizeof rock_luassert_spy_lua},
    {"luassert/state.lua", rock_luassert_state_lua, sizeof rock_luassert_state_lua},
    {"luassert/stub.lua", rock_luassert_stub_lua, sizeof rock_luassert_stub_lua},
    {"luassert/util.lua", rock_luassert_util_lua, sizeof rock_luassert_util_lua},
    {"say/init.lua", rock_say_init_lua, sizeof rock_say_init_lua},
};

size_t qcsh_rocks_count(void) { return sizeof rocks / sizeof rocks[0]; }

qcsh_resource qcsh_rocks_file(size_t index) { return rocks[index]; }

import Testing

@testable import Shell

/// What of an entry is not kept.
@Suite struct HistoryMaskTests {
    private static let key = "0123456789abcdef0123456789abcdef01234567"

    @Test(arguments: [
        "token = 'S'", "local TOKEN <const> = \"S\"", "token = ('S')", "api_key = x or 'S'",
        "password, user = 'S', 'S'", "secret.new 'S'", "secret.new('S')", "secret.new(('S'))",
        "management_key = 'S'", "t = { ['api-key'] = 'S' }", "h = { [\"x-api-key\"] = 'S' }",
        "jwt = 'S'", "clientSecret = 'S'", "mytoken = 'S'", "if token == 'S' then end",
        ".watch 1s nosuch { api_key = 'S' }", ".watch nosuch { api_key = 'S' }",
        "f { a = 1, api_key = 'S', b = 2 }", "x.credentials.password = 'S'",
        "api_key = [[S]]", "broken ? f 'S'", "print('S' == password)", "if 'S' ~= c.token then end",
        "password = { 'S' }", "password = { 'x', 'S' }", "login = { password = { value = 'S' } }",
        "password = { a = 'x', b = 'S' }", "key, token = 'x', 'S'",
    ])
    func secretsAreMasked(_ entry: String) {
        let masked = HistoryMask().masked(entry)
        #expect(
            !masked.contains("S'") && !masked.contains("S\"") && !masked.contains("[[S"),
            "\(masked)")
        #expect(masked.contains("*"))
    }

    @Test(arguments: [
        "\(key)", "Authorization: apikey 1234567890", "api-key: 12", "apikey 1234567890123",
        "https://user:word@host/x", "https://host/x?a=1&api_key=secretword", "eyJa.eyJb.c",
    ])
    func whatLooksLikeOneIsMasked(_ text: String) {
        #expect(HistoryMask().masked("f('\(text)')") == "f(\(HistoryMask.mask))")
    }

    @Test(arguments: [
        "clusters:find 'search-prod'", "c:update { labels = { env = 'prod' } }",
        "api.cluster.get_cluster { cluster_id = '0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1' }",
        "r = list { page_token = 'abc', name = 'x' }", "f { api_key = k, name = 'shown' }",
        "http.get 'https://host/path?name=x'", "print(token, 'text')", "token = x; print 'shown'",
        "token = os.getenv('MY_TOKEN')", "token = os.getenv 'MY_TOKEN'",
        "token = x\nprint('shown')", "password = fs.read('file'):gsub('a', 'b')",
        "token = get({ name = 'shown' })",
    ])
    func theRestStays(_ entry: String) {
        #expect(HistoryMask().masked(entry) == entry)
    }
}

import GuardedYAML
import Testing

/// Changing single values of a text keeps everything else as it was written.
@Suite struct YAMLEditorTests {
    /// Forms of one and the same configuration.
    static let forms = [
        "block": """
        # of my dotfiles
        current_context: prod   # by hand
        contexts:
          # the important one
          - name: prod   # look out
            endpoint: "https://a.example:443"
            api_key: |
              secret

          - api_key_command: pass show b
            name: other
        history: { size: 3 }
        """ + "\n",
        "without indentation": """
        contexts:
        - name: prod
          endpoint: https://a.example:443
          api_key: secret
        - name: other
          api_key_command: pass show b
        current_context: prod # by hand
        history:
          size: 3
        """,
        "flow":
            "{current_context: prod, contexts: [{name: prod, endpoint: 'https://a.example:443', "
            + "api_key: secret}, {name: other, api_key_command: pass show b}], history: {size: 3}}\n",
        "JSON": """
        {
          "current_context": "prod",
          "contexts": [
            {
              "name": "prod",
              "endpoint": "https://a.example:443",
              "api_key": "secret"
            },
            {"name": "other", "api_key_command": "pass show b"}
          ],
          "history": {"size": 3}
        }
        """,
        "byte order mark": "\u{FEFF}current_context: prod\ncontexts:\n- {name: prod, "
            + "endpoint: \"https://a.example:443\", api_key: secret}\n"
            + "- {name: other, api_key_command: pass show b}\nhistory: {size: 3}\n",
    ]

    private func map(_ text: String) throws -> [String: Any] {
        try #require(try YAMLText.values(text) as? [String: Any])
    }

    private func contexts(_ text: String) throws -> [[String: Any]] {
        try #require(try map(text)["contexts"] as? [[String: Any]])
    }

    /// The remarks of a text.
    private func remarks(_ text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            line.firstIndex(of: "#").map { String(line[$0...]) }
        }
    }

    @Test(arguments: forms.keys.sorted())
    func everyChangeKeepsTheRest(_ form: String) throws {
        let text = try #require(Self.forms[form])
        let changes: [(name: String, change: (inout YAMLEditor) throws -> Void)] = [
            (
                "set",
                { try $0.set("endpoint", to: .text("b:1"), in: [.key("contexts"), .index(0)]) }
            ),
            (
                "add",
                { try $0.set("read_only", to: .flag(true), in: [.key("contexts"), .index(0)]) }
            ),
            ("add", { try $0.set("retries", to: .integer(4), in: [.key("contexts"), .index(1)]) }),
            ("remove", { try $0.set("api_key", to: nil, in: [.key("contexts"), .index(0)]) }),
            (
                "remove first",
                { try $0.set("api_key_command", to: nil, in: [.key("contexts"), .index(1)]) }
            ),
            ("choose", { try $0.set("current_context", to: .text("other")) }),
            ("choose none", { try $0.set("current_context", to: nil) }),
            (
                "append",
                {
                    try $0.append(
                        [("name", .text("new")), ("token", .text("a: \"b\" # c"))], to: "contexts")
                }
            ),
            ("drop", { try $0.remove(item: 1, of: "contexts") }),
            ("drop", { try $0.remove(item: 0, of: "contexts") }),
        ]
        // One by one, and all after another in every order of two.
        for first in changes {
            for second in changes where second.name != first.name {
                var editor = try YAMLEditor(text)
                try first.change(&editor)
                let between = editor.text
                do {
                    try second.change(&editor)
                } catch {
                    // What the first change took away cannot be changed again.
                    #expect(
                        first.name == "drop", "\(form): \(first.name), \(second.name): \(error)")
                    #expect(editor.text == between)
                    continue
                }
                let kept = remarks(editor.text)
                let gone = remarks(text).filter { !kept.contains($0) }
                // Only the remarks of what was removed go with it.
                #expect(
                    first.name == "drop" || second.name == "drop" || first.name == "choose none"
                        || second.name == "choose none" || gone.isEmpty,
                    "\(form): \(first.name), \(second.name) lost \(gone)")
                #expect((try map(editor.text)["history"] as? [String: Any])?["size"] as? Int == 3)
                #expect(editor.text.hasPrefix("\u{FEFF}") == text.hasPrefix("\u{FEFF}"))
                if form == "JSON" { #expect(editor.text.hasPrefix("{\n  \"")) }
            }
        }
    }

    @Test func changesMeanWhatTheySay() throws {
        for (form, text) in Self.forms {
            var editor = try YAMLEditor(text)
            try editor.set("endpoint", to: .text("x # y"), in: [.key("contexts"), .index(0)])
            try editor.append([("name", .text("123")), ("read_only", .flag(true))], to: "contexts")
            try editor.remove(item: 1, of: "contexts")
            let all = try contexts(editor.text)
            #expect(all.count == 2, "\(form)")
            #expect(all[0]["endpoint"] as? String == "x # y")
            #expect(all[1]["name"] as? String == "123" && all[1]["read_only"] as? Bool == true)
        }
    }

    @Test(arguments: [
        "", "# nothing yet\n", "contexts:\n", "contexts: # none\n", "contexts: []\n", "contexts: ~",
        "{}", "history: {size: 1}",
    ])
    func aListIsMade(_ text: String) throws {
        var editor = try YAMLEditor(text)
        try editor.append([("name", .text("a")), ("retries", .integer(2))], to: "contexts")
        try editor.append([("name", .text("b"))], to: "contexts")
        try editor.set("current_context", to: .text("b"))
        #expect(try contexts(editor.text).compactMap { $0["name"] as? String } == ["a", "b"])
        #expect(try map(editor.text)["current_context"] as? String == "b")
        #expect(remarks(editor.text) == remarks(text))
    }

    @Test func whatWouldTouchOtherPartsIsRefused() throws {
        let texts = [
            "contexts: {a: {endpoint: b}}\n", "contexts: 3\n",
            "base: &base {name: a}\ncontexts: *base\n", "- a\n", "text\n",
        ]
        for text in texts {
            var editor = try YAMLEditor(text)
            #expect(throws: YAMLText.Problem.self, "\(text)") {
                try editor.append([("name", .text("a"))], to: "contexts")
            }
            #expect(editor.text == text)
        }
        #expect(throws: YAMLText.Problem.self) { try YAMLEditor("a: 1\n---\nb: 2\n") }
    }
}

import CResources
import Codec
import Contract
import LuaSource

/// Checks scripts against the contract without running them.
///
/// It follows `qdrant.api` and modules through locals and `require`. It does not check values
/// whose type it cannot infer.
public final class ScriptChecker: ScopeContext {
    let registry: Registry
    private let resolve: ModuleResolver
    private let policy: any HeaderPolicy
    private let validator: Validator
    var findings: [Finding] = []
    private var apiModules: [String: APIModules.Module] = [:]
    /// The script that is checked.
    private var script = ""
    /// What modules return, by their files' names; nil while one is being read.
    private var modules: [String: Shape?] = [:]

    /// Creates a checker.
    ///
    /// - Parameters:
    ///   - policy: the permissions that headers ask for.
    ///   - now: the present time, for rules that compare with it.
    public init(
        registry: Registry, policy: any HeaderPolicy,
        now: @escaping @Sendable () -> (seconds: Int64, nanos: Int32),
        resolve: @escaping ModuleResolver
    ) {
        self.policy = policy
        self.registry = registry
        self.resolve = resolve
        validator = Validator(now: now)
    }

    /// Checks a script and the modules that it requires.
    public func check(_ source: [UInt8], file: String) -> CheckResult {
        findings = []
        script = file
        // In another project, the same file may load other modules.
        modules = modules.filter { $0.key.hasPrefix("[") }
        _ = analyse(source, file: file, moduleName: nil)
        let reach = ReachAnalysis(
            registry: registry, powers: policy.words(ofHostFunction:), resolve: resolve)
        if let body = try? Parser.parse(source) {
            let library = try? ScriptHeader.read(source, kind: .library)
            reach.run(body, file: file, isLibrary: library ?? nil != nil)
        } else {
            reach.runUnread(file: file)
        }
        let needs = checkHeader(source, file: file, reach)
        var result = CheckResult()
        result.findings = findings.sorted {
            ($0.file == file ? "" : $0.file, $0.position.offset)
                < ($1.file == file ? "" : $1.file, $1.position.offset)
        }
        result.methods = reach.methods.keys.sorted()
        let words = reach.methods.values.flatMap { policy.words(of: $0.method, needs: needs) }
        result.permissions = Set(words).union(reach.words.keys).sorted()
        result.unknown = reach.unknown.sorted {
            ($0.file == file ? "" : $0.file, $0.position.offset)
                < ($1.file == file ? "" : $1.file, $1.position.offset)
        }
        return result
    }

    // MARK: - Files

    /// Checks a file and returns the shape of its return value.
    private func analyse(_ source: [UInt8], file: String, moduleName: String?) -> Shape {
        let body: [Statement]
        do throws(SyntaxError) {
            body = try Parser.parse(source)
        } catch {
            findings.append(
                Finding(
                    rule: .syntax, severity: .error, message: error.message, file: file,
                    position: error.position))
            return .unknown
        }
        let walker = ScopeWalker(self, file: file, source: source, moduleName: moduleName)
        let shape = walker.run(body)
        let accepted = Self.acceptedLines(source)
        if !accepted.isEmpty {
            findings.removeAll { $0.file == file && accepted.contains($0.position.line) }
        }
        return shape
    }

    /// The lines that say in a comment, `-- qcsh: ignore`, that what they do is meant.
    private static func acceptedLines(_ source: [UInt8]) -> Set<Int> {
        let mark = Array("-- qcsh: ignore".utf8)
        var lines: Set<Int> = []
        for (number, line) in source.split(separator: 0x0a, omittingEmptySubsequences: false)
            .enumerated()
        where line.count >= mark.count && line.suffix(mark.count).elementsEqual(mark) {
            lines.insert(number + 1)
        }
        return lines
    }

    /// What `require` gives.
    func module(_ name: String) -> Shape? {
        if name == "qdrant" { return .qdrant }
        if name == "qdrant.api" { return .api("") }
        if LuaReference.embedded.classes[name] != nil { return .object(name) }
        if name.hasPrefix("qdrant.api.") {
            return apiShape(String(name.dropFirst("qdrant.api.".count)))
        }
        if let shape = standardModule(name) { return shape }
        if KnownNames.isSpecModule(name) { return .unknown }
        guard let found = resolve(name, script), name != "say" || !found.file.hasPrefix("/usr/")
        else { return name == "say" ? .unknown : nil }
        return shape(of: found.source, file: found.file, module: name)
    }

    /// What a file of the standard library returns, whatever the checker makes of the module
    /// otherwise; nil when there is none of the name.
    func standardModule(_ name: String) -> Shape? {
        guard let file = StandardLibrary.file(requiredAs: name) else { return nil }
        // Findings in the library itself are not reported.
        let own = findings
        defer { findings = own }
        // A part adds to the table of its module.
        let owner = StandardLibrary.owner(ofPart: name) ?? name
        return shape(of: Array(file.text), file: "[\(file.path)]", module: owner)
    }

    private func shape(of source: [UInt8], file: String, module: String) -> Shape {
        if let known = modules[file] { return known ?? .unknown }
        modules[file] = .some(nil)
        let shape = analyse(source, file: file, moduleName: module)
        modules[file] = shape
        return shape
    }

    /// A module of the API; nil when there is none.
    private func apiModule(_ path: String) -> APIModules.Module? {
        if let known = apiModules[path] { return known }
        let found = (try? APIModules(registry: registry).module(path)) ?? nil
        apiModules[path] = found
        return found
    }

    /// The module of the API with a name, or the method that its last part names; nil when there is
    /// none.
    func apiShape(_ path: String) -> Shape? {
        if apiModule(path) != nil { return .api(path) }
        guard let dot = path.lastIndex(of: ".") else { return nil }
        return method(String(path[path.index(after: dot)...]), in: String(path[..<dot]))
            .map { .method($0) }
    }

    /// The method of a module, in the newest version that has it.
    func method(_ name: String, in path: String) -> Method? { apiModule(path)?.methods[name] }

    /// What a module of the API has, for hints.
    func members(of path: String) -> [String] {
        guard let module = apiModule(path) else { return [] }
        return Array(module.methods.keys) + module.children
    }

    // MARK: - Requests

    /// Checks the request of a call that is written out.
    func checkRequest(
        _ fields: [TableField], of method: Method, at position: Position,
        report: (Finding.Rule, Finding.Severity, String, Position) -> Void
    ) {
        let literal = RequestLiteral(fields, method.input) { rule, message, place in
            report(rule, rule == .deprecated ? .warning : .error, message, place)
        }
        // The account is filled in by the session.
        var message = literal.message
        let account = method.accountIDPath
        if let account, message.value(at: account)?.isDefault ?? true,
            account.dropLast().isEmpty
                || message.value(at: Array(account.dropLast())) != nil
        {
            message.setValue(.string("00000000-0000-4000-8000-000000000000"), at: account)
        }
        guard literal.unknown.isEmpty || !literal.hasComputedKeys else { return }
        let violations =
            UpdateScope(message, of: method).map { validator.violations(in: message, updating: $0) }
            ?? validator.violations(in: message)
        for violation in violations {
            // A rule over several fields says something only when all are known.
            let isOfOneField = violation.rule.contains(".") && Self.standard(violation.rule)
            guard literal.knows(violation.path), isOfOneField || literal.unknown.isEmpty,
                violation.path != account?.joined(separator: ".")
            else { continue }
            let place = literal.position(of: violation.path) ?? position
            report(.brokenRule, .error, violation.description, place)
        }
    }

    /// Whether a rule is one of protovalidate's own, which concern a single field.
    private static func standard(_ rule: String) -> Bool {
        let families: Set<Substring> = [
            "string", "bytes", "int32", "int64", "uint32", "uint64", "double", "float", "enum",
            "repeated", "map", "duration", "timestamp", "bool", "required",
        ]
        return families.contains(rule.prefix { $0 != "." })
    }

    // MARK: - The header

    /// Compares the header with what the script can use.
    ///
    /// - Returns: the header's words; nil when it has none.
    private func checkHeader(_ source: [UInt8], file: String, _ reach: ReachAnalysis) -> [String]? {
        func tell(_ rule: Finding.Rule, _ message: String, _ position: Position) {
            findings.append(
                Finding(
                    rule: rule, severity: .error, message: message, file: file, position: position))
        }
        let header: ScriptHeader
        do throws(ScriptHeader.Problem) {
            var read = try ScriptHeader.read(source)
            if read == nil { read = try ScriptHeader.read(source, kind: .library) }
            guard let read else { return nil }
            header = read
        } catch {
            tell(.header, error.message, error.position)
            return nil
        }
        guard let needs = header.needs else { return nil }
        for need in needs {
            if let problem = policy.problem(with: need.word) {
                tell(.header, problem, need.position)
            }
        }
        let words = needs.map(\.word)
        let refusal = policy.refusals(needs: words, deletes: header.deletes)
        for (name, use) in reach.methods.sorted(by: { $0.key < $1.key }) {
            guard let reason = refusal(use.method) else { continue }
            tell(.permission, "\(name): \(reason)", header.position)
        }
        for (word, place) in reach.words.sorted(by: { $0.key < $1.key })
        where !policy.covers(needs: words, word: word) {
            let line = place.file == file ? "line \(place.position.line)" : place.file
            tell(
                .permission, "the header does not allow \(word), which \(line) can use",
                header.position)
        }
        return words
    }
}

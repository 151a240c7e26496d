/// Fills a sandbox from YAML: from what people write, by making the calls that would have led
/// there, each at its time; and from what an export wrote, as it was.
struct Seed: Sendable {
    /// A text of a seed.
    let text: String
    /// The name under which problems are reported: a file, or `seed`.
    private let origin: String
    private let tree: YAMLValue

    /// Reads a seed.
    ///
    /// - Parameters:
    ///   - text: YAML, or the name of a seed that is built in.
    ///   - file: the file that the text comes from; nil for none.
    /// - Throws: ``SandboxError``.
    init(_ text: String, file: String? = nil) throws(SandboxError) {
        origin = file ?? "seed"
        switch text {
        case "demo": self.text = DefaultSeed.demo
        case "bare": self.text = DefaultSeed.bare
        default: self.text = text
        }
        do throws(YAMLValue.Problem) {
            tree = try YAMLValue(parsing: self.text)
        } catch {
            throw .seed("\(error)", origin: origin)
        }
    }

    /// Puts everything into an empty sandbox.
    func plant(in cloud: Cloud) throws(SandboxError) {
        do {
            try SeedPlanter(cloud).plant(tree)
            try cloud.perform { try $0.transaction.setFact("world", "planted") }
        } catch let error as YAMLValue.Problem {
            throw .seed(error.located(in: text), origin: origin)
        } catch let error as SandboxError {
            throw error
        } catch {
            throw .seed("cannot be loaded: \(error)", origin: origin)
        }
    }
}

import Contract

/// The permissions that headers ask for, as the program that runs scripts applies them.
public protocol HeaderPolicy {
    /// The permissions that a method needs, in words. If one of several is enough, the first that a
    /// header allows, or the first of all.
    func words(of method: Method, needs: [String]?) -> [String]

    /// The permissions that a function of the host can need, by its name: `fs_read`.
    func words(ofHostFunction name: String) -> [String]

    /// Whether a header has a word for a permission, with or without a restriction.
    func covers(needs: [String], word: String) -> Bool

    /// Why a word is not a permission; nil when it is one.
    func problem(with word: String) -> String?

    /// Asks whether methods may be called under a header; the answer is a sentence that says why
    /// not, nil when they may.
    ///
    /// - Parameters:
    ///   - needs: the header's words; those with a problem are left out.
    ///   - deletes: whether the header allows deletes.
    func refusals(needs: [String], deletes: Bool) -> (Method) -> String?
}

/// What `.format`, `.timing` and the like set.
struct ShellSettings {
    /// How results are shown.
    var format: OutputFormat
    /// Whether each entry is followed by how long it took.
    var showsTime = false
    /// Whether each call is shown as it ends.
    var traces = false
    /// Whether long results are shown page by page.
    var pages = true
    /// Whether times are shown as ages.
    var showsAges = true
    /// Whether a function of the user makes the prompt.
    var hasOwnPrompt = false
}

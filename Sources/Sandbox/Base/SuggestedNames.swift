/// Names like `weary-wombat-bronze`.
enum SuggestedNames {
    private static let first = [
        "amber", "brave", "calm", "dapper", "eager", "fancy", "gentle", "happy", "jolly", "keen",
        "lucky", "merry", "noble", "proud", "quick", "sunny", "tidy", "vivid", "weary", "zesty",
    ]
    private static let second = [
        "badger", "condor", "dolphin", "egret", "ferret", "gecko", "heron", "ibis", "jackal",
        "koala", "lemur", "marmot", "newt", "otter", "pelican", "quokka", "raven", "stork",
        "tapir", "wombat",
    ]
    private static let third = [
        "azure", "bronze", "coral", "denim", "ebony", "fawn", "gold", "hazel", "indigo", "jade",
        "khaki", "lilac", "mauve", "navy", "olive", "pearl", "ruby", "sepia", "teal", "umber",
    ]

    static func suggest(
        avoiding taken: Set<String>, _ random: inout RandomSource
    ) -> String {
        func pick(_ words: [String]) -> String {
            words[Int.random(in: 0..<words.count, using: &random)]
        }
        while true {
            let name = "\(pick(first))-\(pick(second))-\(pick(third))"
            if !taken.contains(name) { return name }
        }
    }
}

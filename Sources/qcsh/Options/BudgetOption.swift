import ArgumentParser
import Budgets
import Codec

/// `--budget NAME=VALUE`: what a peer of the sandbox may cost.
struct BudgetOption: ExpressibleByArgument {
    let budget: Budget
    let value: Int

    /// The budgets that can be set.
    static let settable = Budget.allCases.filter(\.entry.isSettable)

    /// The budgets that can be set, a line each with value and meaning.
    static var table: String {
        let width = settable.map(\.rawValue.count).max() ?? 0
        let budgets = Budgets()
        return settable.map { budget in
            let name = budget.rawValue.padding(to: width)
            return "  \(name)  \(budgets.text(budget).padding(to: 6))  \(budget.entry.about)"
        }.joined(separator: "\n")
    }

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let budget = Budget(rawValue: String(parts[0])),
            budget.entry.isSettable
        else { return nil }
        let text = String(parts[1])
        let parsed: Int?
        switch budget.entry.unit {
        // A million of anything is more than a sandbox can hold.
        case .count: parsed = Int(text).flatMap { $0 <= 1_000_000 ? $0 : nil }
        case .bytes: parsed = SizeText.bytes(text).map { Int($0) }
        case .time:
            parsed = TimeText.parseHumanDuration(text).flatMap { seconds, nanos in
                // Two centuries are enough, and their sums do not overflow.
                (0...6_000_000_000).contains(seconds)
                    ? Int(seconds) * 1_000_000_000 + Int(nanos) : nil
            }
        }
        // Half of all numbers, so that sums of two cannot overflow.
        guard let parsed, parsed > 0, parsed <= Int.max / 2 else { return nil }
        self.budget = budget
        value = parsed
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}

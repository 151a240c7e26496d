import Contract
import Testing

@testable import Shell

/// Tables: the data that says which columns there are, and ages.
@Suite struct ColumnTests {
    @Test func everyColumnIsAFieldOfTheContract() throws {
        #expect(!TableColumns.known.isEmpty)
        for (name, columns) in TableColumns.known {
            let type = try #require(try Registry.embedded.message(named: name), "\(name)")
            for column in columns {
                var inner: MessageType? = type
                for part in column.path {
                    let field = try #require(
                        inner?.field(named: part), "\(name) has no \(column.path)")
                    inner = field.messageType
                }
                #expect(column.isAge == (inner?.wellKnown == .timestamp), "\(name) \(column.path)")
            }
        }
    }

    @Test(
        arguments: [
            (0, "0s"), (59, "59s"), (60, "1m"), (90, "1m30s"), (600, "10m"), (3_700, "1h1m"),
            (86_400, "1d"), (90_000, "1d1h"), (864_000, "10d"), (40_000_000, "1y97d"),
            (-90, "in 1m30s"),
        ] as [(Int64, String)])
    func agesHaveTwoUnitsAtMost(_ seconds: Int64, _ text: String) {
        #expect(CellText.age(seconds) == text)
    }
}

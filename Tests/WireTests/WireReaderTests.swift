import Testing

@testable import Wire

@Suite struct WireReaderTests {
    private func read<Result>(
        _ bytes: [UInt8], _ body: (inout WireReader) throws -> Result
    ) rethrows -> Result {
        try bytes.withUnsafeBytes { buffer in
            var reader = WireReader(buffer)
            return try body(&reader)
        }
    }

    @Test(
        arguments: [
            ([0x00], 0), ([0x01], 1), ([0x96, 0x01], 150),
            ([0xff, 0xff, 0xff, 0xff, 0x0f], 0xffff_ffff),
            ([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], UInt64.max),
        ] as [([UInt8], UInt64)])
    func varintsReadAndWriteBack(_ bytes: [UInt8], _ value: UInt64) throws {
        #expect(try read(bytes) { try $0.readVarint() } == value)
        var writer = WireWriter()
        writer.varint(value)
        #expect(writer.bytes == bytes)
    }

    @Test func elevenByteVarintIsRefused() {
        let bytes = [UInt8](repeating: 0x80, count: 10) + [0x01]
        #expect(throws: WireError.varintTooLong) { try read(bytes) { try $0.readVarint() } }
    }

    @Test(arguments: [[0x80], [0xff, 0xff]] as [[UInt8]])
    func cutOffVarintIsRefused(_ bytes: [UInt8]) {
        #expect(throws: WireError.truncated) { try read(bytes) { try $0.readVarint() } }
    }

    @Test func lengthBeyondTheEndIsRefused() {
        #expect(throws: WireError.truncated) {
            try read([0x05, 0x61]) { reader in _ = try reader.readBytes() }
        }
        // A length near 2^64 must not overflow.
        let huge = [UInt8](repeating: 0xff, count: 9) + [0x01]
        #expect(throws: WireError.truncated) { try read(huge) { _ = try $0.readBytes() } }
    }

    @Test func fieldNumberZeroAndUnknownWireTypesAreRefused() {
        #expect(throws: WireError.invalidTag) { try read([0x00]) { _ = try $0.readTag() } }
        #expect(throws: WireError.invalidTag) { try read([0x0e]) { _ = try $0.readTag() } }
    }

    @Test func groupsAreSkippedWithWhatTheyContain() throws {
        // Group 1 { 2: varint 7, group 3 {} }, then field 4 = 1.
        let bytes: [UInt8] = [0x0b, 0x10, 0x07, 0x1b, 0x1c, 0x0c, 0x20, 0x01]
        try read(bytes) { reader in
            let tag = try #require(try reader.readTag())
            try reader.skip(number: tag.number, type: tag.type)
            let next = try #require(try reader.readTag())
            #expect(next.number == 4)
        }
    }

    @Test func unbalancedGroupsAreRefused() {
        #expect(throws: WireError.unbalancedGroup) {
            try read([0x0b, 0x14]) { reader in
                let tag = try #require(try reader.readTag())
                try reader.skip(number: tag.number, type: tag.type)
            }
        }
    }

    @Test(arguments: [0, -1, 1, -2, Int64.max, Int64.min] as [Int64])
    func zigZagGoesBothWays(_ value: Int64) {
        #expect(Int64(zigZag: value.zigZagEncoded) == value)
    }
}

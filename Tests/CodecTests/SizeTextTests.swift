import Testing

@testable import Codec

/// Amounts of memory and disk have one grammar.
@Suite struct SizeTextTests {
    @Test(
        arguments: [
            ("1B", 1), ("512B", 512), ("1K", 1024), ("1KB", 1024), ("1KiB", 1024), ("1Ki", 1024),
            ("256MiB", 268435456), ("256MB", 268435456), ("256M", 268435456), ("8GiB", 8589934592),
            ("8Gi", 8589934592), ("8 GiB", 8589934592), ("8G", 8589934592), ("1.5GiB", 1610612736),
            ("0.5Ki", 512),
            ("0.1GiB", 107_374_182), ("2TiB", 2199023255552), ("7PiB", 7881299347898368),
            ("0GiB", 0),
        ] as [(String, Int64)])
    func amountsAreBytes(_ text: String, _ bytes: Int64) {
        #expect(SizeText.bytes(text) == bytes)
    }

    @Test(
        arguments: [
            "", "100", "1.5", "GiB", "B", "iB", "8iB", "8i", "8GiBs", "8  GiB", " 8GiB", "8 ",
            "-8GiB", "+8GiB",
            "1.GiB", ".5GiB", "1..5GiB", "1e3MiB", "0x10MiB", "8gib", "8EiB", "8GG", "8PiB",
            "99999999999999999999GiB", "8GiB ", "٣GiB", "inf", "nan", "1_000MiB",
        ])
    func everythingElseIsNone(_ text: String) {
        #expect(SizeText.bytes(text) == nil)
    }
}

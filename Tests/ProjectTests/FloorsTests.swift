import Foundation
import TestSupport
import Testing

/// `scripts/dev/check-floors` finds each kind of violation in a small package that has it.
struct FloorsTests {
    /// A package of one target, `Toy`, that keeps all rules.
    private final class Package {
        let folder: TemporaryFolder
        var sources = [
            "Base/Number.swift": "struct Number {}\n",
            "Upper/Sum.swift": "struct Sum { let number: Number }\n",
        ]
        var floors = "Toy\n  Base\n  Upper\n"

        init() throws { folder = try TemporaryFolder() }

        /// Compiles the package and checks it; the lines of the check.
        func check() throws -> (status: Int32, lines: [String]) {
            for (name, text) in sources { try folder.write("Sources/Toy/" + name, text) }
            try folder.write("scripts/dev/floors.txt", floors)
            let files = sources.keys.sorted().map { folder.path + "/Sources/Toy/" + $0 }
            let compiled = try run(
                "/usr/bin/env",
                [
                    "swiftc", "-module-name", "Toy", "-parse-as-library", "-emit-module",
                    "-emit-module-path", folder.path + "/Toy.swiftmodule", "-index-store-path",
                    folder.path + "/.build/debug/index/store",
                ] + files, folder: folder.path)
            try #require(compiled.status == 0, "\(compiled.errors)")
            let result = try run(
                Project.root + "/scripts/dev/check-floors", ["--root", folder.path])
            return (result.status, result.output.split(separator: "\n").map(String.init))
        }
    }

    @Test func aPackageThatKeepsAllRulesPasses() throws {
        let result = try Package().check()
        #expect(result.lines == [])
        #expect(result.status == 0)
    }

    @Test func aReferenceUpwardsIsFound() throws {
        let package = try Package()
        package.sources["Base/Number.swift"] = """
            struct Number {
                func sum() -> Sum { Sum(number: self) }
            }

            """
        let result = try package.check()
        #expect(result.status == 1)
        #expect(
            result.lines.contains {
                $0.hasPrefix("Sources/Toy/Base/Number.swift:2: Base uses Upper, which stands above")
            }, "\(result.lines)")
    }

    @Test func membersOfExtensionsCountAsMuchAsTypes() throws {
        let package = try Package()
        package.sources["Base/Number.swift"] = "struct Number { var twice: Number { doubled } }\n"
        package.sources["Upper/Sum.swift"] = "extension Number { var doubled: Number { self } }\n"
        let result = try package.check()
        #expect(result.status == 1)
        #expect(result.lines.contains { $0.contains("doubled of Upper/Sum.swift") })
    }

    @Test func neighboursOfAFloorUseNoneOfEachOther() throws {
        let package = try Package()
        package.floors = "Toy\n  Base Upper\n"
        let result = try package.check()
        #expect(result.lines.contains { $0.contains("Upper uses Base, which stands beside it") })
    }

    @Test func circlesOfMoreThanThreeFilesAreFound() throws {
        let package = try Package()
        for index in 0..<4 {
            package.sources["Base/C\(index).swift"] =
                "final class C\(index) { var next: C\((index + 1) % 4)? }\n"
        }
        let result = try package.check()
        #expect(result.status == 1)
        #expect(result.lines.contains { $0.hasPrefix("Sources/Toy: 4 files form a circle") })
        // Three are still allowed.
        package.sources["Base/C2.swift"] = "final class C2 { var next: C0? }\n"
        let smaller = try package.check()
        #expect(smaller.lines == [])
    }

    @Test func sizesAreFoundUnlessAnExceptionSaysWhy() throws {
        let package = try Package()
        let long = "func long() {\n" + String(repeating: "    print()\n", count: 59) + "}\n"
        package.sources["Base/Long.swift"] = long
        package.sources["Base/Large.swift"] = String(repeating: "// line\n", count: 401)
        for index in 0..<19 { package.sources["Upper/F\(index).swift"] = "struct F\(index) {}\n" }
        package.sources["Upper/Last.swift"] = "struct Last {}\n"
        let result = try package.check()
        #expect(
            result.lines.sorted() == [
                "Sources/Toy/Base/Large.swift: 401 lines; the limit is 400",
                "Sources/Toy/Base/Long.swift:1: 61 lines in long; the limit is 60",
                "Sources/Toy/Upper: 21 files; the limit is 20",
            ])
        package.floors += """
            except Sources/Toy/Base/Large.swift a table
            except Sources/Toy/Base/Long.swift:long a list
            except Sources/Toy/Upper many small types

            """
        #expect(try package.check().lines == [])
        package.floors += "except Sources/Toy/Base/Number.swift\n"
        let unused = try package.check().lines
        #expect(unused.contains { $0.hasSuffix("an exception needs a reason") })
        #expect(unused.contains { $0.hasSuffix("Number.swift needs no exception") })
    }

    @Test func everyDirectoryStandsOnAFloor() throws {
        let package = try Package()
        package.floors = "Toy\n  Base\n  Gone\n"
        let result = try package.check()
        #expect(result.lines.contains("Sources/Toy/Upper: stands on no floor of floors.txt"))
        #expect(result.lines.contains("floors.txt: Sources/Toy/Gone has no Swift file"))
    }

    @Test func withoutAnIndexTheCheckSaysWhatToDo() throws {
        let folder = try TemporaryFolder()
        try folder.write("Sources/Toy/A.swift", "struct A {}\n")
        try folder.write("scripts/dev/floors.txt", "Toy\n")
        let result = try run(
            Project.root + "/scripts/dev/check-floors", ["--root", folder.path])
        #expect(result.status == 2)
        #expect(result.errors.contains("run swift build --build-tests first"))
    }
}

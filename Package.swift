// swift-tools-version: 6.1

import PackageDescription

let package = Package(
    name: "qcsh",
    products: [.executable(name: "qcsh", targets: ["qcsh"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // The ground: C, as thin as can be. The system-library targets export no header, so that
        // Swift cannot name what they link.
        .systemLibrary(
            name: "LuaSystem", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
        .systemLibrary(
            name: "NGHTTP2System", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .target(name: "CLuaHost", dependencies: ["LuaSystem", "CText"]),
        .target(name: "CHTTP2", dependencies: ["NGHTTP2System"]),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("z")]),
        .target(name: "CReadline", linkerSettings: [.linkedLibrary("readline")]),
        .target(name: "CRegex", linkerSettings: [.linkedLibrary("re2")]),
        .target(name: "CZone"),
        .target(name: "CSignals"),
        .target(name: "CText", linkerSettings: [.linkedLibrary("utf8proc")]),
        .target(name: "CCrypto"),
        .target(name: "CSpawn"),
        .target(
            name: "CResources", exclude: ["contract.binpb"]),

        .target(name: "Budgets"),
        .target(name: "EventLoop"),
        .target(name: "GRPCProtocol"),
        // Its CYaml is libyaml, which comes with Yams.
        .target(
            name: "GuardedYAML", dependencies: [.product(name: "Yams", package: "Yams")]),
        .target(name: "Wire"),
        .target(name: "LuaSource"),
        .target(
            name: "Contract",
            dependencies: [
                "Wire", "CResources", "CText",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Protos"]),
        .target(name: "Codec", dependencies: ["Contract", "Wire", "CRegex"]),
        .target(
            name: "CloudClient",
            dependencies: [
                "Budgets", "EventLoop", "GRPCProtocol", "Codec", "Contract", "CCurl", "CHTTP2",
            ]),
        .target(name: "LuaMachine", dependencies: ["CLuaHost", "EventLoop"]),
        .target(
            name: "LuaMessages", dependencies: ["LuaMachine", "Codec", "Contract", "CLuaHost"]),
        .target(
            name: "LuaReference",
            dependencies: [
                "LuaMessages", "LuaMachine", "LuaSource", "Codec", "Contract", "CResources",
            ]),
        .target(
            name: "LuaHost",
            dependencies: [
                "LuaReference", "LuaMessages", "LuaMachine", "LuaSource", "CloudClient",
                "EventLoop", "GRPCProtocol", "Codec", "Contract", "CLuaHost", "CCrypto", "CSpawn",
                "CText", "CZone", "GuardedYAML",
                .product(name: "Yams", package: "Yams"),
            ]),
        .target(
            name: "Shell",
            dependencies: [
                "LuaHost", "LuaReference", "LuaMessages", "LuaMachine", "LuaSource", "CloudClient",
                "EventLoop", "GRPCProtocol", "Contract", "CReadline", "CSpawn",
            ]),
        .target(
            name: "Sandbox",
            dependencies: [
                "Budgets", "GRPCProtocol", "Codec", "Contract", "Wire", "CCrypto", "GuardedYAML",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Yams", package: "Yams"),
            ]),
        .executableTarget(
            name: "qcsh",
            dependencies: [
                "Shell", "LuaHost", "LuaReference", "LuaMessages", "LuaMachine", "LuaSource",
                "CloudClient", "EventLoop", "Sandbox", "Budgets",
                "GRPCProtocol", "Codec",
                "Contract", "GuardedYAML", "CSignals", "CSpawn", "CZone",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ],
            // The static Swift library has every symbol of the program exported. Nothing looks them
            // up, and a table of 33,000 makes each start a tenth slower.
            linkerSettings: [
                .unsafeFlags(
                    ["-Xlinker", "--no-export-dynamic"],
                    .when(platforms: [.linux], configuration: .release))
            ]),

        // Not a product: scripts/dev/bench/run measures it against the rest.
        .executableTarget(
            name: "transport-bench",
            dependencies: ["CloudClient", "EventLoop", "Codec", "Contract"],
            path: "scripts/dev/bench/transport"),

        .executableTarget(
            name: "nio-echo",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
            ], path: "scripts/dev/bench/nio"),

        .target(
            name: "TestSupport",
            dependencies: [
                "Codec", "Contract", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ], path: "Tests/TestSupport"),
        .testTarget(name: "ProjectTests", dependencies: ["TestSupport"]),
        .testTarget(name: "GRPCProtocolTests", dependencies: ["GRPCProtocol"]),
        .testTarget(name: "GuardedYAMLTests", dependencies: ["GuardedYAML"]),
        .testTarget(name: "WireTests", dependencies: ["Wire"]),
        .testTarget(name: "ContractTests", dependencies: ["Contract", "TestSupport"]),
        .testTarget(
            name: "CodecTests", dependencies: ["Codec", "Contract", "Wire", "TestSupport"]),
        .testTarget(
            name: "CloudClientTests",
            dependencies: [
                "CloudClient", "EventLoop", "GRPCProtocol", "Codec", "Contract", "TestSupport",
            ]),
        .testTarget(
            name: "LuaHostTests",
            dependencies: [
                "LuaHost", "LuaReference", "LuaMessages", "LuaMachine", "EventLoop", "CloudClient",
                "Contract", "CZone", "TestSupport",
            ]),
        .testTarget(
            name: "ShellTests",
            dependencies: [
                "Shell", "LuaHost", "LuaReference", "LuaMessages", "LuaMachine", "Contract",
            ]),
        .testTarget(name: "LuaSourceTests", dependencies: ["LuaSource", "TestSupport"]),
        .testTarget(
            name: "SandboxTests",
            dependencies: ["Sandbox", "GRPCProtocol", "Codec", "Contract", "TestSupport"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "TestSupport", "qcsh", "LuaHost", "LuaReference", "LuaMachine", "LuaSource",
                "CloudClient", "EventLoop", "Codec", "Contract",
            ]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c2x,
    cxxLanguageStandard: .cxx17
)

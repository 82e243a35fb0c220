// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built in language mode 6 with strict memory safety: whatever touches a raw pointer has to
/// say `unsafe`, and `scripts/check-structure.py` counts those words per target.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "Pallet",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "pallet", targets: ["pallet"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // Compute: the only C of the program, and what owns memory.
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-fno-math-errno"])]),
        .target(name: "Tensors", dependencies: ["CKernels"], swiftSettings: swiftSettings),

        // Models: formats, tokenizers, templates, the forward pass, the engine.
        .target(name: "ModelFormats", dependencies: ["Tensors"], swiftSettings: swiftSettings),
        .target(name: "Tokenizers", swiftSettings: swiftSettings),
        .target(name: "ChatTemplates", swiftSettings: swiftSettings),
        .target(
            name: "Transformers", dependencies: ["Tensors", "ModelFormats", "Tokenizers"],
            swiftSettings: swiftSettings),
        .target(
            name: "Inference",
            dependencies: ["Transformers", "ModelFormats", "Tensors", "Tokenizers", "ChatTemplates"],
            swiftSettings: swiftSettings),
        .target(
            name: "Training",
            dependencies: ["Transformers", "ModelFormats", "Tensors", "Tokenizers", "ChatTemplates"],
            swiftSettings: swiftSettings),
        .target(
            name: "ModelHub",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            resources: [.embedInCode("Resources/catalogue.json")],
            swiftSettings: swiftSettings),

        // Documents: text, corpus, passages, storage, the company's site page.
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .target(name: "Text", swiftSettings: swiftSettings),
        .target(name: "Corpus", dependencies: ["Text", "CLibXML2"], swiftSettings: swiftSettings),
        .target(
            name: "Site", dependencies: ["Text"], resources: [.embedInCode("Resources/divisions.tsv")],
            swiftSettings: swiftSettings),
        .target(
            name: "Storage", dependencies: ["Text", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: swiftSettings),
        .target(
            name: "Retrieval",
            dependencies: ["Corpus", "Text", "Storage"],
            swiftSettings: swiftSettings),

        // What people and programs meet.
        .target(
            name: "Service",
            dependencies: [
                "ChatTemplates", "Inference", "Retrieval", "Site", "Storage", "Tokenizers",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            resources: [
                .embedInCode("Pages/Assets/site.css"), .embedInCode("Pages/Assets/site.js"),
                .embedInCode("Pages/Assets/icon.svg"),
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "pallet",
            dependencies: [
                "ChatTemplates", "Corpus", "Inference", "ModelFormats", "ModelHub", "Retrieval", "Service", "Site",
                "Storage", "Tensors", "Text", "Tokenizers", "Training", "Transformers",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swiftSettings),

        // Tests: one target each, and what they share. They go through public doors only.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swiftSettings),
        .testTarget(
            name: "TensorsTests", dependencies: ["Tensors", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "ModelFormatsTests", dependencies: ["ModelFormats", "Tensors", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "TokenizersTests", dependencies: ["Tokenizers", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "ChatTemplatesTests", dependencies: ["ChatTemplates", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "TransformersTests",
            dependencies: ["Transformers", "ModelFormats", "Tensors", "Tokenizers", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "InferenceTests",
            dependencies: [
                "Inference", "Transformers", "ModelFormats", "Tensors", "Tokenizers", "ChatTemplates", "TestSupport",
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "Training", "Transformers", "ModelFormats", "Tensors", "Tokenizers", "ChatTemplates", "TestSupport",
            ],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "ModelHubTests", dependencies: ["ModelHub", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "TextTests", dependencies: ["Text", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "CorpusTests", dependencies: ["Corpus", "Text", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "SiteTests", dependencies: ["Site", "Text", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "StorageTests", dependencies: ["Storage", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "RetrievalTests", dependencies: ["Retrieval", "Corpus", "Text", "Storage", "TestSupport"],
            swiftSettings: swiftSettings),
        .testTarget(
            name: "ServiceTests",
            dependencies: [
                "ChatTemplates", "Inference", "ModelFormats", "Retrieval", "Service", "Storage", "TestSupport",
                "Tokenizers", "Transformers",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: swiftSettings),
    ]
)

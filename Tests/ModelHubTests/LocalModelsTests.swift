import Foundation
import ModelHub
import TestSupport
import Testing

@Suite(.serialized) struct LocalModelsTests {
    private func folder() throws -> URL {
        try HubServer.folder("disk")
    }

    private func error(_ body: () throws(ModelHubError) -> Void) -> ModelHubError? {
        do throws(ModelHubError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test func fileOfTheCatalogueIsRecognised() throws {
        let made = try MadeModel(size: 50_000)
        let disk = try folder().appending(path: "brought on a disk.bin")
        try made.content.write(to: disk)
        let local = LocalModels(folder: made.folder, catalogue: try made.catalogue())
        #expect(error { () throws(ModelHubError) in _ = try local.resolve(made.name) } == .notPulled(name: made.name))
        let model = try local.add(disk)
        #expect(model.name == made.name && model.url.path == made.target.path && model.isInCatalogue)
        #expect((model.licence, model.sha256) == ("Apache-2.0", made.sha256))
        #expect(try local.list() == [model])
        #expect(try local.add(disk) == model)
        #expect(try local.resolve(made.name).path == made.target.path)
        #expect(try local.resolve(made.file).path == made.target.path)
        #expect(try local.resolve(disk.path).path == disk.path)
        // A damaged one is replaced by the right one.
        try Data("GGUFxxxx".utf8).write(to: made.target)
        #expect(try local.list().map(\.hashState) == [.changed])
        #expect(try local.add(disk).hashState == .verified)
        #expect(try Data(contentsOf: made.target) == made.content)
        #expect(FileManager.default.fileExists(atPath: disk.path))
    }

    @Test func otherFileKeepsItsName() throws {
        let disk = try folder()
        let file = disk.appending(path: "My Model v1.gguf")
        try Data("GGUF and more".utf8).write(to: file)
        let local = LocalModels(folder: try folder().appending(path: "models"))
        let model = try local.add(file)
        #expect(model.name == "My-Model-v1" && !model.isInCatalogue && model.licence == nil)
        #expect(model.origin == "My Model v1.gguf" && model.hashState == .verified)
        try Data("GGUF but other".utf8).write(to: file)
        #expect(error { () throws(ModelHubError) in _ = try local.add(file) } == .nameTaken(name: "My-Model-v1"))
        #expect(try local.add(file, name: "second").url.lastPathComponent == "second.gguf")
        #expect(try local.list().map(\.name) == ["My-Model-v1", "second"])
        for name in ["../x", "", "a/b", ".x"] {
            #expect(error { () throws(ModelHubError) in _ = try local.add(file, name: name) } != nil)
        }
    }

    @Test func huggingFaceFolder() throws {
        let disk = try folder()
        let blobs = try folder()
        try Data(#"{"model_type":"llama"}"#.utf8).write(to: blobs.appending(path: "blob"))
        try FileManager.default.createSymbolicLink(
            at: disk.appending(path: "config.json"), withDestinationURL: blobs.appending(path: "blob"))
        let local = LocalModels(folder: try folder())
        guard case .notAModel(_, let reason)? = error({ () throws(ModelHubError) in _ = try local.add(disk) }) else {
            Issue.record("a folder without weights was taken")
            return
        }
        #expect(reason.contains("safetensors"))
        try Data(count: 100).write(to: disk.appending(path: "model.safetensors"))
        try Data("evil".utf8).write(to: disk.appending(path: "pytorch_model.bin"))
        try Data("evil".utf8).write(to: disk.appending(path: "modeling.py"))
        let model = try local.add(disk, name: "tiny")
        #expect(model.form == .folder && model.bytes == 122)
        let copied = try FileManager.default.contentsOfDirectory(atPath: model.url.path).sorted()
        #expect(copied == ["config.json", "model.safetensors"])
        #expect(try local.add(disk, name: "tiny") == model)
        #expect(try local.list() == [model])
        #expect(try local.resolve("tiny").path == model.url.path)
        // How states become one vector lies one folder deeper.
        try FileManager.default.createDirectory(
            at: disk.appending(path: "1_Pooling"), withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: disk.appending(path: "1_Pooling/config.json"))
        try Data("evil".utf8).write(to: disk.appending(path: "1_Pooling/code.py"))
        let embedder = try local.add(disk, name: "embedder")
        #expect(embedder.bytes == 124 && embedder.sha256 != model.sha256)
        let kept = try FileManager.default.contentsOfDirectory(atPath: embedder.url.appending(path: "1_Pooling").path)
        #expect(kept == ["config.json"])
    }

    @Test func whatIsNoModel() throws {
        let disk = try folder()
        let local = LocalModels(folder: try folder())
        try Data("PK\u{3}\u{4}".utf8).write(to: disk.appending(path: "a.gguf"))
        try Data().write(to: disk.appending(path: "empty.gguf"))
        let cases = [("a.gguf", "GGUF"), ("empty.gguf", "GGUF"), ("gone.gguf", "exist"), ("", "config.json")]
        for (name, word) in cases {
            let found = error { () throws(ModelHubError) in _ = try local.add(disk.appending(path: name)) }
            #expect(found?.description.contains(word) == true, "\(name)")
        }
        #expect(try local.list().isEmpty)
        #expect(try LocalModels(folder: disk.appending(path: "none")).list().isEmpty)
        let unknown = error { () throws(ModelHubError) in _ = try local.resolve("no-such") }
        #expect(unknown?.description.contains("qwen2.5-coder-0.5b-instruct") == true)
        #expect(error { () throws(ModelHubError) in _ = try local.resolve("no/such/path.gguf") } != nil)
    }

    /// Files that somebody put into the folder are listed, and records that lie are not believed.
    @Test func strangersAndLyingRecords() throws {
        let home = try folder()
        let local = LocalModels(folder: home)
        try Data("GGUF".utf8).write(to: home.appending(path: "found.gguf"))
        try Data("{}".utf8).write(to: home.appending(path: "broken.json"))
        try Data("notes".utf8).write(to: home.appending(path: "notes.txt"))
        try Data(
            #"{"name":"x","file":"../../etc/passwd","form":"gguf","bytes":4,"sha256":"a","modified":0}"#.utf8
        ).write(to: home.appending(path: "x.json"))
        #expect(try local.list().map(\.name) == ["found"])
        #expect(try local.list().map(\.hashState) == [.unknown])
        let entry = try #require(ModelCatalogue.builtIn.entries.last)
        try Data("GGUF".utf8).write(to: home.appending(path: entry.file))
        #expect(try local.list().contains { $0.isInCatalogue } == false)
    }

    /// The real model from the cache of this machine, where it was fetched before.
    @Test(.enabled(if: Shared.model("SmolLM2-135M-Instruct.Q4_1.gguf") != nil, "needs models/get.py smollm2"))
    func realModelFromTheSharedCache() async throws {
        let home = try folder()
        var settings = FetchSettings()
        settings.hubs = []
        settings.cache = Shared.model("SmolLM2-135M-Instruct.Q4_1.gguf")?.deletingLastPathComponent()
        let entry = try ModelCatalogue.builtIn.require("smollm2-135m-instruct")
        let model = try await ModelFetcher(settings: settings).pull(entry.name, into: home)
        #expect(model.bytes == entry.bytes && model.sha256 == entry.sha256 && model.licence == "Apache-2.0")
        try FileManager.default.removeItem(at: home)
    }
}

import Foundation
import ModelFormats
import Testing
import Tokenizers
import Training

/// What a run cleans up, and by what it is known again.
struct RunFolderTests {
    final class Place {
        let folder: RunFolder
        init() throws {
            let url = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            folder = RunFolder(url)
        }
        deinit { try? FileManager.default.removeItem(at: folder.url) }

        func names() throws -> Set<String> {
            Set(try FileManager.default.contentsOfDirectory(atPath: folder.url.path))
        }

        func put(_ name: String) throws {
            try Data("x".utf8).write(to: folder.url.appendingPathComponent(name))
        }
    }

    /// Told before a run begins, and nothing is made by asking.
    @Test func whereMetricsCannotBeWrittenIsTold() throws {
        let place = try Place()
        try place.put("file")
        let folder = place.folder.url
        for name in ["new.jsonl", "file"] { try MetricsFile.check(folder.appendingPathComponent(name)) }
        try MetricsFile.check(URL(fileURLWithPath: "/dev/null"))
        for (name, code) in [("", EISDIR), ("none/m.jsonl", ENOENT), ("file/m.jsonl", ENOTDIR)] {
            let url = folder.appendingPathComponent(name)
            let error = #expect(throws: MetricsFile.WriteError.self) { try MetricsFile.check(url) }
            #expect(error?.code == code && error?.path == url.path)
        }
        #expect(try place.names() == ["file"])
    }

    /// Only what the writer of a state names so.
    @Test func leftoversGoAndOtherFilesStay() throws {
        let place = try Place()
        let kept = [
            "checkpoint.safetensors", "checkpoint.safetensors.0123ABCD.part", ".checkpoint.safetensors.part",
            ".checkpoint.safetensors.0123abcd.part", ".checkpoint.safetensors.0123ABC.part",
            ".checkpoint.safetensors.0123ABCDE.part", ".checkpoint.safetensors.0123ABCG.part",
            ".checkpoint.safetensors.0123ABCD.part.txt", ".other.safetensors.0123ABCD.part", "metrics.jsonl", ".lock",
        ]
        let gone = [".checkpoint.safetensors.0123ABCD.part", ".best.safetensors.FFFFFFFF.part"]
        for name in kept + gone { try place.put(name) }
        place.folder.removeLeftovers()
        #expect(try place.names() == Set(kept))
        // A folder that is not there has nothing to remove.
        RunFolder(place.folder.url.appendingPathComponent("none")).removeLeftovers()
    }

    /// A state that another process is writing stays; once its writer is gone the same file is a leftover.
    @Test func whatIsBeingWrittenStays() throws {
        let place = try Place()
        var writer: SafetensorsWriter? = try SafetensorsWriter(to: place.folder.checkpoint, tensors: [])
        let name = try #require(try place.names().first)
        place.folder.removeLeftovers()
        #expect(try place.names() == [name])
        withExtendedLifetime(writer) {}
        writer = nil
        try place.put(name)
        place.folder.removeLeftovers()
        #expect(try place.names().isEmpty)
    }

    /// What chooses the state that is kept makes another run; what only says when to save does not.
    @Test func identityNamesWhatChoosesTheBestState() {
        var settings = RunSettings()
        settings.patience = 2
        settings.checkpointSteps = 5
        #expect(settings.identity.isEmpty)
        settings.evaluationSteps = 3
        let first = RunIdentity(settings.identity)
        settings.checkpointSteps = nil
        #expect(first == RunIdentity(settings.identity))
        settings.patience = 4
        let second = RunIdentity(settings.identity)
        #expect(first.differences(from: second) == ["patience: 2 → 4"])
        #expect(first.fingerprint != second.fingerprint)
        settings.evaluationSteps = 1
        settings.patience = nil
        #expect(
            first.differences(from: RunIdentity(settings.identity)) == ["patience: 2 → –", "validate-every: 3 → 1"])
    }

    /// SHA-256 of the template's text, as every other program computes it.
    @Test func templateFingerprint() throws {
        var definition = try TestModel.tokenizer().definition
        definition.chatTemplate = "abc"
        #expect(
            definition.templateFingerprint == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        definition.chatTemplate = nil
        #expect(definition.templateFingerprint == nil)
    }
}

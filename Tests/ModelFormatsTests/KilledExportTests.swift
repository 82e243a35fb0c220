import Foundation
import ModelFormats
import TestSupport
import Testing

/// An export that is killed leaves nothing under the target's name, and the next one removes what it left beside it.
///
/// The victim is this test program itself, started again with only `victim` to run; it kills itself between tensors.
struct KilledExportTests {
    private static let order = "PALLET_TEST_EXPORT"
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    /// Writes `source` as `form` to `target`, calling `each` after every tensor.
    private static func export(
        _ source: URL, _ form: String, _ target: URL, _ each: @escaping (Int) -> Void = { _ in }
    ) throws {
        var count = 0
        let exporter = ModelExporter(try ModelFile.open(source)) { _ in
            count += 1
            each(count)
        }
        if form == "gguf" {
            _ = try exporter.writeGGUF(to: target, type: .f32)
        } else {
            _ = try exporter.writeHuggingFace(to: target, type: .f32)
        }
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment[order] != nil))
    func victim() throws {
        let parts = try #require(ProcessInfo.processInfo.environment[Self.order]).split(separator: "|").map(String.init)
        let last = try #require(Int(parts[3]))
        try Self.export(URL(fileURLWithPath: parts[0]), parts[1], URL(fileURLWithPath: parts[2])) { count in
            if count == last { _ = kill(getpid(), SIGKILL) }
        }
    }

    private func runVictim(_ source: URL, _ form: String, _ target: URL, last: Int) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        process.arguments = ["--testing-library", "swift-testing", "--filter", "KilledExportTests/victim"]
        var environment = ProcessInfo.processInfo.environment
        environment[Self.order] = "\(source.path)|\(form)|\(target.path)|\(last)"
        process.environment = environment
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal)
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).sorted()
    }

    @Test(
        .enabled(if: ProcessInfo.processInfo.environment[order] == nil),
        arguments: [("gguf", 1), ("gguf", 11), ("folder", 1), ("folder", 11)])
    func killedBetweenTensors(form: String, last: Int) throws {
        let source = scratch.url.appendingPathComponent("source.gguf")
        try TinyModel().write(to: source)
        let target = scratch.url.appendingPathComponent("out")
        for _ in 0..<2 { try runVictim(source, form, target, last: last) }
        // The second victim removed what the first left.
        let left = try names()
        #expect(left.count == 2)
        #expect(left[0].hasPrefix(".out.") && left[0].hasSuffix(".part"))
        try Self.export(source, form, target)
        #expect(try names() == ["out", "source.gguf"])
        #expect(try ModelFile.open(target).tensors.count == ModelFile.open(source).tensors.count)
    }

    @Test func whatIsStillBeingWrittenStays() throws {
        let target = scratch.url.appendingPathComponent("out.gguf")
        let model = TinyModel()
        let first = try GGUFWriter(to: target, metadata: model.metadata, tensors: [], replacing: true)
        let strangers = [
            ".out.gguf.part", ".out.gguf.0123ABCD", ".out.gguf.0123abcd.part", ".other.gguf.0123ABCD.part",
        ]
        for name in strangers { _ = try scratch.write([1], to: name) }
        _ = try scratch.write([1], to: ".out.gguf.0123ABCD.part")
        let second = try GGUFWriter(to: target, metadata: model.metadata, tensors: [], replacing: true)
        let during = try names()
        #expect(!during.contains(".out.gguf.0123ABCD.part"))
        #expect(during.filter { $0.hasSuffix(".part") }.count == strangers.count - 1 + 2)
        try first.finish()
        try second.finish()
        #expect(try Set(names()) == Set(strangers + ["out.gguf"]))
    }
}

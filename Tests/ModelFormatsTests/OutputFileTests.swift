import Foundation
import ModelFormats
import Testing

/// Files that appear whole under their names: several writers of one name, and what stands there already.
struct OutputFileTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private var target: URL { scratch.url.appendingPathComponent("file") }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).sorted()
    }

    @Test func ofTwoWritersThatDoNotReplaceTheFirstThatIsReadyStays() throws {
        let slow = try OutputFile(target, replacing: false)
        let quick = try OutputFile(target, replacing: false)
        try slow.write([UInt8](repeating: 1, count: 3 << 20))
        try quick.write([UInt8](repeating: 2, count: 3 << 20))
        try quick.commit()
        #expect(throws: FileError.exists(path: target.path)) { try slow.commit() }
        #expect(try Data(contentsOf: target) == Data(repeating: 2, count: 3 << 20))
        #expect(try names() == ["file"])
        #expect(throws: FileError.exists(path: target.path)) { try OutputFile(target, replacing: false) }
    }

    @Test func ofTwoWritersThatReplaceTheLastStays() throws {
        let writers = try (0..<2).map { _ in try OutputFile(target, replacing: true) }
        for (number, writer) in writers.enumerated() { try writer.write([UInt8](repeating: UInt8(number), count: 100)) }
        for writer in writers { try writer.commit() }
        #expect(try Data(contentsOf: target) == Data(repeating: 1, count: 100))
        #expect(try names() == ["file"])
    }

    /// Writers that begin at once look at each other's files while those are not locked yet.
    @Test func manyWritersAtOnceDoNotMix() async throws {
        let target = target
        for round in 0..<20 {
            let ready = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        do {
                            let file = try OutputFile(target, replacing: false)
                            for _ in 0..<64 { try file.write([UInt8](repeating: UInt8(number), count: 1024)) }
                            try file.commit()
                            return 1
                        } catch FileError.exists {
                            return 0
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            let content = try Data(contentsOf: target)
            #expect(ready == 1 && content.count == 64 << 10 && Set(content).count == 1, "round \(round): \(ready)")
            #expect(try names() == ["file"])
            try FileManager.default.removeItem(at: target)
        }
    }

    @Test func aPrivateFileIsItsOwnersAlone() throws {
        for (isPrivate, others) in [(true, 0), (false, 0o044)] {
            let file = try OutputFile(target, replacing: true, isPrivate: isPrivate)
            try file.commit()
            let mode = try FileManager.default.attributesOfItem(atPath: target.path)[.posixPermissions] as? Int
            #expect((mode ?? -1) & 0o077 & ~0o033 == others)
        }
    }

    @Test func foldersAreNotReplaced() throws {
        #expect(throws: FileError.notReplaceable(path: scratch.url.path)) {
            try OutputFile(scratch.url, replacing: true)
        }
    }
}

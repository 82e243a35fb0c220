import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing

/// Files changed at random: each is read in full or refused with one of this module's errors, at once.
struct MutationTests {
    private static let rounds = Shared.long ? 50_000 : 400
    private static let limit = Duration.seconds(2)

    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private static func isTyped(_ error: any Error) -> Bool {
        error is GGUFError || error is SafetensorsError || error is ModelConfigurationError || error is ModelFileError
            || error is FileError || error is JSONError || error is TensorError
    }

    /// One to four changes: bytes, numbers at the edges of their types, cuts, copies, insertions.
    private static func mutate(_ original: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<7, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            case 2:
                let edges: [UInt64] = [0, 1, 0x7F, 0xFF, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max, .max - 31]
                let edge = edges[Int.random(in: 0..<edges.count, using: &generator)]
                let width = [4, 8][Int.random(in: 0..<2, using: &generator)]
                for (index, byte) in le(edge).prefix(width).enumerated() where place + index < bytes.count {
                    bytes[place + index] = byte
                }
            case 3: bytes.removeSubrange(place...)
            case 4: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...16, using: &generator)))
            case 5:
                let length = Int.random(in: 1...16, using: &generator)
                bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + length)], at: place)
            default:
                let digits = Array("[]{}\",:0123456789.e-".utf8)
                bytes.insert(digits[Int.random(in: 0..<digits.count, using: &generator)], at: place)
            }
        }
        return bytes
    }

    /// Opens and reads everything.
    private func check(_ url: URL, _ round: Int) -> Bool {
        let clock = ContinuousClock()
        let start = clock.now
        var accepted = false
        do {
            let model = try ModelFile.open(url)
            for tensor in model.tensors { _ = try model.readFloats(tensor.name) }
            accepted = true
        } catch {
            #expect(Self.isTyped(error), "round \(round): \(type(of: error)) \(error)")
        }
        #expect(clock.now - start < Self.limit, "round \(round)")
        return accepted
    }

    @Test(arguments: ["plain", "blocks"])
    func gguf(_ kind: String) throws {
        let url = scratch.url.appendingPathComponent("tiny.gguf")
        try (kind == "plain" ? TinyModel() : TinyModel.blocks()).write(to: url)
        let original = try [UInt8](Data(contentsOf: url))
        // Most changes should meet the header, not the weights.
        let weights = try ModelFile.open(url).tensors.reduce(0) { $0 + $1.byteCount }
        let header = kind == "plain" ? original.count / 2 : original.count - weights
        var generator = SeededGenerator(state: kind == "plain" ? 1 : 3)
        var accepted = 0
        for round in 0..<Self.rounds {
            let changed =
                round % 4 == 0
                ? Self.mutate(original, &generator)
                : Self.mutate(Array(original.prefix(header)), &generator) + original.dropFirst(header)
            try Data(changed).write(to: url)
            if check(url, round) { accepted += 1 }
        }
        // Neither is everything refused (then nothing behind the first rule was met) nor accepted.
        #expect(accepted > Self.rounds / 100 && accepted < Self.rounds * 3 / 4, "\(accepted)")
    }

    @Test func safetensors() throws {
        let source = scratch.url.appendingPathComponent("tiny.gguf")
        let folder = scratch.url.appendingPathComponent("tiny")
        try TinyModel().write(to: source)
        _ = try ModelExporter(ModelFile.open(source)).writeHuggingFace(to: folder, type: .f16)
        var accepted = 0
        var generator = SeededGenerator(state: 2)
        for name in ["model.safetensors", "config.json"] {
            let url = folder.appendingPathComponent(name)
            let original = try [UInt8](Data(contentsOf: url))
            let header = name == "config.json" ? original.count : original.count / 2
            for round in 0..<(name == "config.json" ? Self.rounds / 4 : Self.rounds) {
                let changed =
                    round % 4 == 0
                    ? Self.mutate(original, &generator)
                    : Self.mutate(Array(original.prefix(header)), &generator) + original.dropFirst(header)
                try Data(changed).write(to: url)
                if check(folder, round) { accepted += 1 }
            }
            try Data(original).write(to: url)
        }
        #expect(accepted > Self.rounds / 100 && accepted < Self.rounds * 3 / 4, "\(accepted)")
    }
}

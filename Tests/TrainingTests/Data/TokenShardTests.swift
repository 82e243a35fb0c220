import Foundation
import TestSupport
import Testing
import Tokenizers
import Training

/// Shards: the rows that went in come out; a damaged file gives an error.
struct TokenShardTests {
    private static let rows = [
        TrainingRow(tokens: [1, 2, 3], labels: [-100, 2, -100]),
        TrainingRow(tokens: [65_535, 0], labels: [65_535, 0]),
        TrainingRow(tokens: [], labels: []),
        TrainingRow(tokens: [4, 5, 6, 7], labels: [-100, 9, -100, 7], positions: [0, 1, 0, 1]),
        TrainingRow(tokens: Array(0..<1000), labels: (0..<1000).map { $0 % 3 == 0 ? -100 : $0 }),
    ]
    private static let hash = String(repeating: "a7", count: 32)

    private static func write(_ rows: [TrainingRow], to url: URL, vocabulary: Int) throws {
        var writer = try TokenShardWriter(url, tokenizerHash: hash, vocabularySize: vocabulary)
        for row in rows { try writer.append(row) }
        try writer.finish()
    }

    @Test("rows, groups, counts and hash as in memory", arguments: [65_536, 200_000])
    func same(vocabulary: Int) throws {
        try TestModel.withFolder { folder in
            let url = folder.appendingPathComponent("x.shard")
            try Self.write(Self.rows, to: url, vocabulary: vocabulary)
            let shard = try TokenShard(url, tokenizerHash: Self.hash)
            let memory = RowsInMemory(Self.rows)
            #expect(shard.count == 5)
            #expect(shard.hash == memory.hash)
            #expect(shard.tokenizerHash == Self.hash)
            for index in Self.rows.indices {
                #expect(try shard.row(index) == Self.rows[index])
            }
            #expect(shard.tokens == 1009)
            #expect(shard.trainedTokens == Self.rows.reduce(0) { $0 + $1.trainedCount })
            #expect(shard.longest == 1000)
            #expect(Set(Self.rows.indices.map { shard.group($0) }).count == 5)
            try shard.verify()
            #expect(throws: TokenShardError.noSuchRow(index: 5, count: 5)) { try shard.row(5) }
            #expect(throws: RowSourceError.noSuchRow(index: -1, count: 5)) { try memory.row(-1) }
        }
    }

    @Test("rows that do not fit are refused; nothing stands under the name before the end")
    func refused() throws {
        try TestModel.withFolder { folder in
            let url = folder.appendingPathComponent("x.shard")
            do {
                var writer = try TokenShardWriter(url, tokenizerHash: Self.hash, vocabularySize: 10)
                try writer.append(TrainingRow(tokens: [9], labels: [9]))
                #expect(throws: TokenShardError.self) { try writer.append(TrainingRow(tokens: [10], labels: [1])) }
                #expect(throws: TokenShardError.self) { try writer.append(TrainingRow(tokens: [-1], labels: [1])) }
                #expect(throws: TokenShardError.self) { try writer.append(TrainingRow(tokens: [1], labels: [])) }
                #expect(throws: TokenShardError.self) {
                    try writer.append(TrainingRow(tokens: [1, 2], labels: [1, 2], positions: [0, 2]))
                }
            }
            #expect(!FileManager.default.fileExists(atPath: url.path))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
            try Self.write(Self.rows, to: url, vocabulary: 1 << 16)
            #expect(
                throws: TokenShardError.otherTokenizer(
                    path: url.path, expected: String(repeating: "b", count: 64), actual: Self.hash)
            ) { try TokenShard(url, tokenizerHash: String(repeating: "b", count: 64)) }
        }
    }

    @Test("any flipped bit and any cut is found")
    func damaged() throws {
        try TestModel.withFolder { folder in
            let url = folder.appendingPathComponent("x.shard")
            try Self.write(Array(Self.rows.prefix(4)), to: url, vocabulary: 1 << 16)
            let bytes = try Data(contentsOf: url)
            let other = folder.appendingPathComponent("y.shard")
            func isFound(_ changed: Data) throws -> Bool {
                try changed.write(to: other)
                do {
                    let shard = try TokenShard(other)
                    try shard.verify()
                    return false
                } catch {
                    return true
                }
            }
            #expect(try !isFound(bytes))
            for place in bytes.indices {
                var changed = bytes
                changed[place] ^= 1 << UInt8(place % 8)
                #expect(try isFound(changed), "byte \(place)")
            }
            for count in stride(from: 0, to: bytes.count, by: 7) {
                #expect(try isFound(bytes.prefix(count)), "\(count) bytes")
            }
            #expect(try isFound(bytes + [0]))
        }
    }

    @Test("a file that shrinks while it is read gives an error")
    func shrinks() throws {
        try TestModel.withFolder { folder in
            let url = folder.appendingPathComponent("x.shard")
            try Self.write(Self.rows, to: url, vocabulary: 1 << 16)
            let shard = try TokenShard(url)
            let handle = try FileHandle(forWritingTo: url)
            try handle.truncate(atOffset: 100)
            try handle.close()
            #expect(throws: TokenShardError.self) { try shard.row(4) }
            #expect(shard.group(4) == 0)
        }
    }

    @Test("hashes are SHA-256; fingerprints of tokenizers differ where ids would")
    func hashes() throws {
        // Made with another program: SHA-256 of the little-endian numbers 1, 7, 4294967196, 0.
        let row = TrainingRow(tokens: [7], labels: [-100])
        #expect(RowsInMemory([row]).hash == "1333c5e5b257759acea9c47b15a4b50f0df791538660679f521fe2e9f5f1f0d2")
        var definition = try TestModel.tokenizer().definition
        let first = definition.fingerprint
        #expect(first.count == 64)
        #expect(first == (try TestModel.tokenizer().definition.fingerprint))
        definition.tokens.swapAt(3, 4)
        #expect(definition.fingerprint != first)
        definition.tokens.swapAt(3, 4)
        definition.preTokenizer = "llama-bpe"
        #expect(definition.fingerprint != first)
    }

    @Test("larger than memory should matter: a long shard is read in little memory", .enabled(if: Shared.long))
    func large() throws {
        try TestModel.withFolder { folder in
            let url = folder.appendingPathComponent("x.shard")
            var writer = try TokenShardWriter(url, tokenizerHash: Self.hash, vocabularySize: 1 << 16)
            for number in 0..<100_000 {
                let tokens = (0..<2048).map { Int32(truncatingIfNeeded: (number &* 31 &+ $0 &* 7) & 0xFFFF) }
                try writer.append(TrainingRow(tokens: tokens, labels: tokens))
            }
            try writer.finish()
            let shard = try TokenShard(url)
            let order = RowOrder(count: shard.count, seed: 1)
            for place in 0..<20_000 { #expect(try shard.row(order.row(at: place)).tokens.count == 2048) }
        }
    }
}

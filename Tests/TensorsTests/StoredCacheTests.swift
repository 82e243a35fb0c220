import Tensors
import Testing

/// What a cache holds as bytes and back.
@Suite struct StoredCacheTests {
    private func cache(layers: Int = 2, kvHeads: Int = 3, key: Int = 24, value: Int = 20) throws -> KeyValueCache {
        try KeyValueCache(layers: layers, kvHeads: kvHeads, keyLength: key, valueLength: value)
    }

    /// Keys and values of `count` positions in all layers.
    private func fill(_ cache: KeyValueCache, from first: Int = 0, count: Int, seed: UInt64 = 5) throws {
        let pool = try WorkerPool(threads: 1)
        var generator = Generator(seed)
        try cache.reserve(positions: first + count)
        for layer in 0..<cache.layers {
            let keys = try FloatBuffer(generator.values(count * cache.kvHeads * cache.keyLength))
            let values = try FloatBuffer(generator.values(count * cache.kvHeads * cache.valueLength))
            let segments = [AttentionSegment(cache: cache, firstPosition: first, rows: 0..<count)]
            pool.run { $0.storeKeysValues(k: keys, v: values, layer: layer, segments: segments) }
        }
    }

    /// What attention reads of a cache.
    private func read(_ cache: KeyValueCache) throws -> [UInt32] {
        let pool = try WorkerPool(threads: 1)
        var generator = Generator(9)
        let query = try FloatBuffer(generator.values(cache.kvHeads * 2 * cache.keyLength))
        let segments = [AttentionSegment(cache: cache, firstPosition: cache.count - 1, rows: 0..<1)]
        var bits: [UInt32] = []
        for layer in 0..<cache.layers {
            let output = try ActivationBuffer(
                rows: 1, columns: cache.kvHeads * 2 * cache.valueLength, quantised: false)
            pool.run {
                $0.attention(
                    q: query, layer: layer, heads: cache.kvHeads * 2, scale: 0.3, window: nil, segments: segments,
                    into: output)
            }
            bits += output.values.array.map(\.bitPattern)
        }
        return bits
    }

    @Test(arguments: [1, 15, 16, 17, 255, 256, 257, 600])
    func comesBackBitForBit(count: Int) throws {
        let source = try cache()
        try fill(source, count: count)
        let bytes = try source.contents()
        #expect(bytes.count == source.layout.bytes(ofPositions: count))
        let copy = try cache()
        try fill(copy, count: 40, seed: 77)
        try copy.restore(bytes[...], positions: count)
        #expect(copy.count == count)
        #expect(try read(copy) == read(source))
        // It goes on like the one it came from.
        for cache in [source, copy] { try fill(cache, from: count, count: 20, seed: 3) }
        #expect(try read(copy) == read(source))
    }

    /// What somebody else's text left behind the end is not told.
    @Test func bytesBehindTheEndAreZero() throws {
        let long = try cache(), short = try cache()
        try fill(long, count: 300)
        long.truncate(to: 0)
        try fill(long, count: 21)
        try fill(long, from: 21, count: 100, seed: 8)
        long.truncate(to: 21)
        try fill(short, count: 21)
        #expect(try long.contents() == short.contents())
    }

    @Test func otherBytesAreRefused() throws {
        let source = try cache()
        try fill(source, count: 20)
        let bytes = try source.contents()
        for (part, positions) in [
            (bytes.dropLast(), 20), (bytes[...], 257), (bytes[...], 0), (bytes[...], -1), ([], 20), (bytes[...], .max),
        ] {
            #expect(throws: TensorError.self) { try cache().restore(part, positions: positions) }
        }
        #expect(throws: TensorError.self) { try cache(layers: 3).restore(bytes[...], positions: 20) }
        #expect(try cache().layout != cache(value: 24).layout)
        let empty = try cache()
        try empty.restore([], positions: 0)
        #expect(empty.count == 0)
        #expect(try empty.contents().isEmpty)
    }
}

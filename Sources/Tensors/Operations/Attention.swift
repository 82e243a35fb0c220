internal import CKernels

/// Rows of a batch that are consecutive positions of one sequence.
public struct AttentionSegment: Sendable {
    /// The sequence's keys and values, with room for all positions of this segment (`reserve`).
    public var cache: KeyValueCache
    /// Position of the first row.
    public var firstPosition: Int
    /// Rows of the batch.
    public var rows: Range<Int>

    /// A segment; see the properties.
    public init(cache: KeyValueCache, firstPosition: Int, rows: Range<Int>) {
        self.cache = cache
        self.firstPosition = firstPosition
        self.rows = rows
    }

    /// Positions of the sequence once the rows are stored.
    var end: Int { firstPosition + rows.count }

    /// The blocks of 16 positions that the rows touch.
    var blocks: Range<Int> { rows.isEmpty ? 0..<0 : firstPosition / 16..<(end - 1) / 16 + 1 }

    /// Its positions within such a block.
    func positions(ofBlock block: Int) -> Range<Int> { max(block * 16, firstPosition)..<min(block * 16 + 16, end) }

    /// The row of one of its positions.
    func row(of position: Int) -> Int { rows.lowerBound + position - firstPosition }
}

extension Worker {
    /// Stores the keys k [rows, kvHeads · keyLength] and values v [rows, kvHeads · valueLength] of a layer, and sets
    /// each cache's `count` to the end of its segment if it was less.
    public func storeKeysValues(k: FloatBuffer, v: FloatBuffer, layer: Int, segments: [AttentionSegment]) {
        for segment in segments { check(segment, k: k, v: v, layer: layer) }
        let blocks = segments.reduce(0) { $0 + $1.blocks.count }
        forEachChunk(blocks) { chunk in
            guard let (segment, block) = block(chunk, of: segments) else { return }
            store(k, v, layer, segment, block: block)
        }
        if index == 0 { for segment in segments { segment.cache.count = max(segment.cache.count, segment.end) } }
        barrier()
    }

    /// Rotates queries q [rows, heads · keyLength] and keys k by the angles of their positions, in place, and stores keys
    /// and values: `rope` of both and `storeKeysValues`, with one barrier for all. Rows of q count from 0 on, segment
    /// after segment.
    public func rotateAndStore(
        q: FloatBuffer, k: FloatBuffer, v: FloatBuffer, heads: Int, table: RopeTable, layer: Int,
        segments: [AttentionSegment]
    ) {
        let rows = segments.reduce(0) { $0 + $1.rows.count }, blocks = segments.reduce(0) { $0 + $1.blocks.count }
        for segment in segments {
            let cache = segment.cache
            check(segment, k: k, v: v, layer: layer)
            check(q, heads: heads, headLength: cache.keyLength, rows: segment.rows.upperBound, table)
        }
        forEachChunk(rows + blocks) { chunk in
            if chunk < rows {
                var index = chunk
                for segment in segments {
                    if index < segment.rows.count {
                        rotate(
                            q, row: segment.rows.lowerBound + index, position: segment.firstPosition + index,
                            heads: heads, headLength: segment.cache.keyLength, table)
                        return
                    }
                    index -= segment.rows.count
                }
            } else if let (segment, block) = block(chunk - rows, of: segments) {
                let positions = segment.positions(ofBlock: block), cache = segment.cache
                for position in positions {
                    rotate(
                        k, row: segment.row(of: position), position: position, heads: cache.kvHeads,
                        headLength: cache.keyLength, table)
                }
                store(k, v, layer, segment, block: block)
            }
        }
        if index == 0 { for segment in segments { segment.cache.count = max(segment.cache.count, segment.end) } }
        barrier()
    }

    private func check(_ segment: AttentionSegment, k: FloatBuffer, v: FloatBuffer, layer: Int) {
        let cache = segment.cache
        precondition(segment.firstPosition >= 0 && segment.end <= cache.capacity, "positions were not reserved")
        precondition(layer >= 0 && layer < cache.layers, "layer out of range")
        precondition(segment.rows.lowerBound >= 0, "rows out of range")
        precondition(segment.rows.upperBound * cache.kvHeads * cache.keyLength <= k.count, "rows out of range")
        precondition(segment.rows.upperBound * cache.kvHeads * cache.valueLength <= v.count, "rows out of range")
    }

    /// The n-th block of 16 positions that segments touch.
    private func block(_ n: Int, of segments: [AttentionSegment]) -> (AttentionSegment, block: Int)? {
        var n = n
        for segment in segments {
            if n < segment.blocks.count { return (segment, segment.blocks.lowerBound + n) }
            n -= segment.blocks.count
        }
        return nil
    }

    private func store(
        _ k: FloatBuffer, _ v: FloatBuffer, _ layer: Int, _ segment: AttentionSegment, block: Int
    ) {
        let cache = segment.cache, positions = segment.positions(ofBlock: block)
        let row = segment.row(of: positions.lowerBound)
        for head in 0..<cache.kvHeads {
            let at = row * cache.kvHeads + head
            unsafe cache.store(
                keys: k.base + at * cache.keyLength, values: v.base + at * cache.valueLength, layer: layer, head: head,
                positions: positions, with: set)
        }
    }

    /// Causal attention of q [rows, heads · keyLength] over the stored keys and values, into rows of
    /// heads · valueLength, and their codes when the buffer keeps some.
    ///
    /// Several query heads share a head of keys and values: head h uses h / (heads / kvHeads), and the keys and values
    /// are read once for all of them. Scores are computed over the dimensions in order; weights and values are summed
    /// over the positions of each span of 256 in order, and the spans in order, whatever the workers and the tiles
    /// (online softmax: Milakov and Gimelshein, 2018; spans as units of work: Dao et al., 2023).
    /// - Parameters:
    ///   - scale: what scores are multiplied with, usually 1 / √keyLength.
    ///   - softCap: c of s → c · tanh(s / c) on each scaled score (Gemma 2); nil for none.
    ///   - window: how many positions a row sees, its own included; nil for all.
    public func attention(
        q: FloatBuffer, layer: Int, heads: Int, scale: Float, softCap: Float? = nil, window: Int?,
        segments: [AttentionSegment], into y: ActivationBuffer
    ) {
        let scores = AttentionScores(scale: scale, cap: softCap ?? 0)
        let call = AttentionCall(q: q, layer: layer, heads: heads, scores: scores, reach: .before(window ?? 0), y: y)
        attention(call, segments)
    }

    /// The same where each row sees all rows of its segment, those behind it too, and nothing else of the cache: what
    /// an encoder wants.
    ///
    /// Segments may share a cache. Spans count from the block of 16 in which a segment begins, so a segment gives the same bits wherever
    /// it stands as long as its `firstPosition` is a multiple of 16.
    public func attentionToBothSides(
        q: FloatBuffer, layer: Int, heads: Int, scale: Float, segments: [AttentionSegment], into y: ActivationBuffer
    ) {
        let scores = AttentionScores(scale: scale, cap: 0)
        attention(AttentionCall(q: q, layer: layer, heads: heads, scores: scores, reach: .segment, y: y), segments)
    }

    private func attention(_ call: AttentionCall, _ segments: [AttentionSegment]) {
        let rows = segments.reduce(0) { max($0, $1.rows.upperBound) }
        for segment in segments { check(segment, call) }
        let tiles = attentionTiles(segments, call)
        let parts = attentionParts(tiles)
        // Where tiles end at blocks of 32 columns, each makes the codes of its own.
        let whole = tiles.allSatisfy { $0.columns(call).lowerBound % 32 == 0 && $0.columns(call).upperBound % 32 == 0 }
        if whole && index == 0 { call.y.quantisedRows = rows }
        func finish(_ tile: AttentionTile) {
            guard whole else { return }
            let columns = tile.columns(call)
            for row in tile.rows {
                call.y.quantise(
                    row: tile.segment.rows.lowerBound + row, of: rows,
                    blocks: columns.lowerBound / 32..<columns.upperBound / 32, set: set)
            }
        }
        if parts.isEmpty {
            forEachChunk(tiles.count) { chunk in
                unsafe attend(tiles[chunk], call)
                finish(tiles[chunk])
            }
        } else {
            let floats = tiles.reduce(0) { $0 + $1.partialFloats }
            guard let partials = unsafe ck_pool_shared_scratch(pool.pool, floats) else {
                preconditionFailure("no memory for partial attention")
            }
            forEachChunk(parts.count) { chunk in
                unsafe attend(tiles[parts[chunk].tile], call, spans: parts[chunk].spans, partials: partials)
            }
            barrier()
            forEachChunk(tiles.count) { chunk in
                unsafe attend(tiles[chunk], call, spans: nil, partials: partials)
                finish(tiles[chunk])
            }
        }
        barrier()
        if !whole { quantise(call.y, rows: rows) }
    }

    private func check(_ segment: AttentionSegment, _ call: AttentionCall) {
        let cache = segment.cache, heads = call.heads, y = call.y
        precondition(heads > 0 && heads % cache.kvHeads == 0, "heads do not divide into groups")
        precondition(segment.firstPosition >= 0 && segment.end <= cache.capacity, "positions were not reserved")
        precondition(call.layer >= 0 && call.layer < cache.layers, "layer out of range")
        precondition(segment.rows.lowerBound >= 0 && segment.rows.upperBound <= y.rowCapacity, "rows out of range")
        precondition(segment.rows.upperBound * heads * cache.keyLength <= call.q.count, "rows out of range")
        precondition(heads * cache.valueLength == y.columns, "output width differs")
    }
}

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
}

extension Worker {
    /// Stores the keys k [rows, kvHeads · keyLength] and values v [rows, kvHeads · valueLength] of a layer, and sets
    /// each cache's `count` to the end of its segment if it was less.
    public func storeKeysValues(k: FloatBuffer, v: FloatBuffer, layer: Int, segments: [AttentionSegment]) {
        for segment in segments {
            let cache = segment.cache
            precondition(segment.firstPosition >= 0 && segment.end <= cache.capacity, "positions were not reserved")
            precondition(layer >= 0 && layer < cache.layers, "layer out of range")
            precondition(segment.rows.lowerBound >= 0, "rows out of range")
            precondition(segment.rows.upperBound * cache.kvHeads * cache.keyLength <= k.count, "rows out of range")
            precondition(segment.rows.upperBound * cache.kvHeads * cache.valueLength <= v.count, "rows out of range")
        }
        let blocks = segments.reduce(0) { $0 + $1.blocks.count }
        forEachChunk(blocks) { chunk in
            var chunk = chunk
            for segment in segments {
                if chunk < segment.blocks.count {
                    store(k, v, layer, segment, block: segment.blocks.lowerBound + chunk)
                    return
                }
                chunk -= segment.blocks.count
            }
        }
        if index == 0 { for segment in segments { segment.cache.count = max(segment.cache.count, segment.end) } }
        barrier()
    }

    private func store(
        _ k: FloatBuffer, _ v: FloatBuffer, _ layer: Int, _ segment: AttentionSegment, block: Int
    ) {
        let cache = segment.cache
        let first = max(block * 16, segment.firstPosition), end = min(block * 16 + 16, segment.end)
        let row = segment.rows.lowerBound + first - segment.firstPosition
        for head in 0..<cache.kvHeads {
            let at = row * cache.kvHeads + head
            unsafe cache.store(
                keys: k.base + at * cache.keyLength, values: v.base + at * cache.valueLength, layer: layer, head: head,
                positions: first..<end)
        }
    }

    /// Causal attention of q [rows, heads · keyLength] over the stored keys and values, into rows of
    /// heads · valueLength, and their codes when the buffer keeps some.
    ///
    /// Several query heads share a head of keys and values: head h uses h / (heads / kvHeads). Scores are computed over
    /// the dimensions in order, values summed over the positions in order, whatever the workers and the tiles.
    /// - Parameters:
    ///   - scale: what scores are multiplied with, usually 1 / √keyLength.
    ///   - window: how many positions a row sees, its own included; nil for all.
    public func attention(
        q: FloatBuffer, layer: Int, heads: Int, scale: Float, window: Int?, segments: [AttentionSegment],
        into y: ActivationBuffer
    ) {
        attention(q: q, layer: layer, heads: heads, scale: scale, .before(window ?? 0), segments, into: y)
    }

    /// The same where each row sees all rows of its segment, those behind it too, and nothing else of the cache: what
    /// an encoder wants.
    ///
    /// Segments may share a cache. Sums are cut by the position modulo 16, so a segment gives the same bits wherever
    /// it stands as long as its `firstPosition` is a multiple of 16.
    public func attentionToBothSides(
        q: FloatBuffer, layer: Int, heads: Int, scale: Float, segments: [AttentionSegment], into y: ActivationBuffer
    ) {
        attention(q: q, layer: layer, heads: heads, scale: scale, .segment, segments, into: y)
    }

    /// Which positions a row sees.
    private enum Reach {
        /// Its own and those before it: this many with its own, or all when 0.
        case before(Int)
        /// Those of its segment.
        case segment

        var window: Int { if case .before(let window) = self { window } else { 0 } }
    }

    private func attention(
        q: FloatBuffer, layer: Int, heads: Int, scale: Float, _ reach: Reach, _ segments: [AttentionSegment],
        into y: ActivationBuffer
    ) {
        let rows = segments.reduce(0) { max($0, $1.rows.upperBound) }
        for segment in segments { check(segment, q, layer, heads, y) }
        let items = attentionItems(segments, heads: heads, reach)
        forEachChunk(items.count) { chunk in attend(items[chunk], q, layer, heads, scale, reach, y) }
        barrier()
        quantise(y, rows: rows)
    }

    private func check(
        _ segment: AttentionSegment, _ q: FloatBuffer, _ layer: Int, _ heads: Int, _ y: ActivationBuffer
    ) {
        let cache = segment.cache
        precondition(heads > 0 && heads % cache.kvHeads == 0, "heads do not divide into groups")
        precondition(segment.firstPosition >= 0 && segment.end <= cache.capacity, "positions were not reserved")
        precondition(layer >= 0 && layer < cache.layers, "layer out of range")
        precondition(segment.rows.lowerBound >= 0 && segment.rows.upperBound <= y.rowCapacity, "rows out of range")
        precondition(segment.rows.upperBound * heads * cache.keyLength <= q.count, "rows out of range")
        precondition(heads * cache.valueLength == y.columns, "output width differs")
    }

    /// Heads that share keys and values, over some rows of a segment.
    private struct AttentionItem {
        var segment: AttentionSegment
        var rows: Range<Int>  // within the segment
        var group: Int
        var heads: Range<Int>  // within the group
    }

    /// Tiles of rows such that the scores of an item stay in the second-level cache. Where that makes fewer items than
    /// workers, groups of heads are split too. The results depend on neither.
    private func attentionItems(_ segments: [AttentionSegment], heads: Int, _ reach: Reach) -> [AttentionItem] {
        var items: [AttentionItem] = []
        for segment in segments where !segment.rows.isEmpty {
            let groups = segment.cache.kvHeads, perGroup = heads / groups
            let seen =
                switch reach {
                case .before(let window): window > 0 ? min(window, segment.end) : segment.end
                case .segment: segment.rows.count
                }
            let tile = max(1, min(16, 131_072 / max(1, seen * perGroup)))
            let tiles = (segment.rows.count + tile - 1) / tile * groups * segments.count
            let span = tiles >= count ? perGroup : (perGroup * tiles + count - 1) / count
            // The last rows see most: they come first, so that the short ones fill the end.
            for first in stride(from: 0, to: segment.rows.count, by: tile).reversed() {
                for group in 0..<groups {
                    for head in stride(from: 0, to: perGroup, by: span) {
                        let rows = first..<min(first + tile, segment.rows.count)
                        let heads = head..<min(head + span, perGroup)
                        items.append(AttentionItem(segment: segment, rows: rows, group: group, heads: heads))
                    }
                }
            }
        }
        return items
    }

    private func attend(
        _ item: AttentionItem, _ q: FloatBuffer, _ layer: Int, _ heads: Int, _ scale: Float, _ reach: Reach,
        _ y: ActivationBuffer
    ) {
        let cache = item.segment.cache, firstHead = item.group * (heads / cache.kvHeads) + item.heads.lowerBound
        let firstRow = item.segment.rows.lowerBound + item.rows.lowerBound
        let first = item.segment.firstPosition + item.rows.lowerBound
        let begin = item.segment.firstPosition, end = item.segment.end
        let stride =
            switch reach {
            case .before(let window): ck_score_stride(first, item.rows.count, window)
            case .segment: (end + 15) / 16 * 16 - begin / 16 * 16
            }
        let bothSides = if case .segment = reach { true } else { false }
        let needed = stride * item.rows.count * item.heads.count
        guard let scores = unsafe ck_pool_scratch(pool.pool, index, needed) else {
            preconditionFailure("no memory for attention scores")
        }
        let offset = cache.offset(layer: layer, head: item.group)
        var arguments = unsafe ck_attention(
            query: q.base + (firstRow * heads + firstHead) * cache.keyLength,
            query_stride: heads * cache.keyLength, rows: item.rows.count, heads: item.heads.count,
            key_length: cache.keyLength, value_length: cache.valueLength, value_stride: cache.valueStride,
            pages: UnsafePointer(cache.table), key_offset: offset,
            value_offset: offset + KeyValueCache.pageLength * cache.keyLength,
            first_position: first, window: reach.window, begin: begin, end: bothSides ? end : 0, scale: scale,
            scores: scores, score_stride: stride,
            output: y.values.base + firstRow * y.columns + firstHead * cache.valueLength,
            output_stride: y.columns)
        unsafe set.table.pointee.attend(&arguments)
    }
}

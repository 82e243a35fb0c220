internal import CKernels

/// What becomes of a product of a query and a key before the softmax.
struct AttentionScores {
    var scale: Float
    /// 0 for none.
    var cap: Float
}

/// Which positions a row sees.
enum AttentionReach {
    /// Its own and those before it: this many with its own, or all when 0.
    case before(Int)
    /// Those of its segment.
    case segment

    var window: Int { if case .before(let window) = self { window } else { 0 } }
    var isSegment: Bool { if case .segment = self { true } else { false } }

    /// The spans of 256 positions that rows of a segment see: counted from 0, or from the block of 16 in which the
    /// segment begins.
    func spans(of rows: Range<Int>, in segment: AttentionSegment) -> Range<Int> {
        let length = KeyValueCache.pageLength
        switch self {
        case .before(let window):
            let first = segment.firstPosition + rows.lowerBound
            let low = window > 0 ? max(0, first - window + 1) : 0
            return low / length..<(segment.firstPosition + rows.upperBound - 1) / length + 1
        case .segment:
            return 0..<(segment.end - segment.firstPosition / 16 * 16 + length - 1) / length
        }
    }
}

/// What all parts of one attention have in common.
struct AttentionCall {
    var q: FloatBuffer
    var layer: Int
    var heads: Int
    var scores: AttentionScores
    var reach: AttentionReach
    var y: ActivationBuffer
}

/// Heads that share keys and values, over some rows of a segment.
struct AttentionTile {
    var segment: AttentionSegment
    var rows: Range<Int>  // within the segment
    var group: Int
    var heads: Range<Int>  // within the group
    var spans: Range<Int>  // that any of the rows sees
    var partialOffset: Int  // floats before its partials

    /// The columns of the output that it computes.
    func columns(_ call: AttentionCall) -> Range<Int> {
        let first = group * (call.heads / segment.cache.kvHeads), length = segment.cache.valueLength
        return (first + heads.lowerBound) * length..<(first + heads.upperBound) * length
    }

    var partialFloats: Int {
        let state = unsafe withUnsafePointer(to: segment.cache.headLayout) { unsafe ck_state_stride($0) }
        return spans.count * rows.count * heads.count * state
    }
}

extension Worker {
    /// Tiles of rows such that what their queries keep stays in the second-level cache. Where that makes fewer tiles
    /// than workers and there is one span only, groups of heads are split too. The results depend on neither.
    func attentionTiles(_ segments: [AttentionSegment], _ call: AttentionCall) -> [AttentionTile] {
        var tiles: [AttentionTile] = []
        var offset = 0
        for segment in segments where !segment.rows.isEmpty {
            let groups = segment.cache.kvHeads, perGroup = call.heads / groups
            let height = max(1, min(16, 128 / perGroup))
            let items = (segment.rows.count + height - 1) / height * groups * segments.count
            let split = items < count && segment.end <= KeyValueCache.pageLength
            let width = split ? (perGroup * items + count - 1) / count : perGroup
            // The last rows see most: they come first, so that the short ones fill the end.
            for first in stride(from: 0, to: segment.rows.count, by: height).reversed() {
                let rows = first..<min(first + height, segment.rows.count)
                for group in 0..<groups {
                    for head in stride(from: 0, to: perGroup, by: width) {
                        let tile = AttentionTile(
                            segment: segment, rows: rows, group: group, heads: head..<min(head + width, perGroup),
                            spans: call.reach.spans(of: rows, in: segment), partialOffset: offset)
                        offset += tile.partialFloats
                        tiles.append(tile)
                    }
                }
            }
        }
        return tiles
    }

    /// Spans of tiles as work of their own where tiles are too few to keep all workers busy to the end; else nothing.
    func attentionParts(_ tiles: [AttentionTile]) -> [(tile: Int, spans: Range<Int>)] {
        guard count > 1, tiles.count < 4 * count else { return [] }
        let spans = tiles.reduce(0) { $0 + $1.spans.count }
        guard spans >= 2 * count, tiles.contains(where: { $0.spans.count > 1 }) else { return [] }
        let length = max(1, spans / (4 * count))
        var parts: [(tile: Int, spans: Range<Int>)] = []
        for (index, tile) in tiles.enumerated() {
            for first in stride(from: tile.spans.lowerBound, to: tile.spans.upperBound, by: length) {
                parts.append((index, first..<min(first + length, tile.spans.upperBound)))
            }
        }
        return parts
    }

    /// Computes a tile: its output, or with `partials` those of some spans, or without `spans` the output from those.
    func attend(
        _ tile: AttentionTile, _ call: AttentionCall, spans: Range<Int>? = nil,
        partials: UnsafeMutablePointer<Float>? = nil
    ) {
        let cache = tile.segment.cache, y = call.y
        let firstHead = tile.group * (call.heads / cache.kvHeads) + tile.heads.lowerBound
        let firstRow = tile.segment.rows.lowerBound + tile.rows.lowerBound
        let queries = tile.rows.count * tile.heads.count
        let some = spans ?? tile.spans
        unsafe withUnsafePointer(to: cache.headLayout) { layout in
            let state = unsafe ck_state_stride(layout)
            guard let scratch = unsafe ck_pool_scratch(pool.pool, index, ck_attention_scratch(layout, queries)) else {
                preconditionFailure("no memory for attention")
            }
            let skipped = tile.partialOffset + (some.lowerBound - tile.spans.lowerBound) * queries * state
            var arguments = unsafe ck_attention(
                query: call.q.base + (firstRow * call.heads + firstHead) * cache.keyLength,
                query_stride: call.heads * cache.keyLength, rows: tile.rows.count, heads: tile.heads.count,
                layout: layout, pages: UnsafePointer(cache.table),
                head_offset: cache.offset(layer: call.layer, head: tile.group),
                first_position: tile.segment.firstPosition + tile.rows.lowerBound, window: call.reach.window,
                begin: tile.segment.firstPosition, end: call.reach.isSegment ? tile.segment.end : 0,
                scale: call.scores.scale, soft_cap: call.scores.cap,
                first_span: some.lowerBound, end_span: some.upperBound, scratch: scratch,
                partials: partials.map { unsafe $0 + skipped }, state_stride: state,
                output: y.values.base + firstRow * y.columns + firstHead * cache.valueLength,
                output_stride: y.columns)
            if spans == nil, unsafe partials != nil {
                unsafe set.table.pointee.merge_spans(&arguments)
            } else {
                unsafe set.table.pointee.attend(&arguments)
            }
        }
    }
}

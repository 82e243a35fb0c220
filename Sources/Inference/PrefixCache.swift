import Tensors

/// Key-value caches of finished requests, so that a prompt that begins like an earlier one need not be computed again.
///
/// The longest common prefix wins. A cache that is mostly shared is taken over and cut; one of which only the
/// beginning is shared (another question behind the same system text) is copied from, so that it stays for others.
struct PrefixCache {
    private struct Item {
        let tokens: [Int]
        let cache: KeyValueCache
        var used: Int
    }

    private var items: [Item] = []
    private var clock = 0
    /// Most caches kept, and most bytes in all of them.
    let capacity: Int, byteLimit: Int

    init(capacity: Int, byteLimit: Int) {
        self.capacity = capacity
        self.byteLimit = byteLimit
    }

    /// What was found for a prompt.
    struct Hit {
        /// Holds what is shared, and nothing else.
        let cache: KeyValueCache
        /// Whether the earlier sequence goes on in another way behind it: then what is shared is a beginning that is
        /// asked more than once, not a conversation that goes on.
        let parts: Bool
    }

    /// A cache that holds the longest known beginning of `tokens`, at most all but the last token, since the last
    /// one's logits are needed; or nil when nothing is shared.
    mutating func take(for tokens: [Int], make: () throws -> KeyValueCache) -> Hit? {
        var best: (index: Int, length: Int)?
        for (index, item) in items.enumerated() {
            let length = min(Self.commonPrefix(item.tokens, tokens), tokens.count - 1)
            if length > (best?.length ?? 0) { best = (index, length) }
        }
        guard let best else { return nil }
        clock += 1
        items[best.index].used = clock
        let item = items[best.index]
        let parts = best.length < item.tokens.count
        if best.length * 4 >= item.tokens.count * 3 {
            items.remove(at: best.index)
            item.cache.truncate(to: best.length)
            return Hit(cache: item.cache, parts: parts)
        }
        do {
            let copy = try make()
            try copy.copyPrefix(from: item.cache, count: best.length)
            return Hit(cache: copy, parts: parts)
        } catch {
            return nil  // No memory for a copy: the prompt is computed instead.
        }
    }

    /// Keeps the cache of a finished request under the tokens it holds.
    mutating func put(_ cache: KeyValueCache, tokens: [Int]) {
        guard !tokens.isEmpty, capacity > 0 else { return }
        clock += 1
        // What begins the same and is no longer serves no one any more.
        items.removeAll { Self.commonPrefix($0.tokens, tokens) == $0.tokens.count }
        items.append(Item(tokens: tokens, cache: cache, used: clock))
        while items.count > capacity || items.reduce(0, { $0 + $1.cache.bytes }) > byteLimit, items.count > 1 {
            guard let oldest = items.indices.min(by: { items[$0].used < items[$1].used }) else { break }
            items.remove(at: oldest)
        }
    }

    static func commonPrefix(_ left: [Int], _ right: [Int]) -> Int {
        var length = 0
        let end = min(left.count, right.count)
        while length < end, left[length] == right[length] { length += 1 }
        return length
    }
}

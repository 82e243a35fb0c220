import Tensors

/// Where an engine finds and keeps what was computed of prompts: in memory first, on disk where that holds more.
struct PrefixKeeping {
    /// What was found for a prompt.
    struct Found {
        /// Nil where nothing is known of it.
        var cache: KeyValueCache?
        /// How many tokens came from the disk.
        var restored = 0
        /// How many tokens of the beginning are to be saved once they are computed; nil for none.
        var savedLength: Int?
    }

    private var memory: PrefixCache
    private let saved: SavedPrefixes?
    /// The last write, which waits for those before it.
    private var writing: Task<Void, Never>?

    init(memory: PrefixCache, saved: SavedPrefixes?) {
        self.memory = memory
        self.saved = saved
    }

    /// The longest known beginning of `tokens`, at most all but the last token.
    mutating func take(for tokens: [Int], make: () throws -> KeyValueCache) -> Found {
        let hit = memory.take(for: tokens, make: make)
        var found = Found(cache: hit?.cache)
        guard let saved else { return found }
        let known = hit?.cache.count ?? 0
        var onDisk = 0
        if let place = saved.longest(beginningOf: tokens) {
            onDisk = place.count
            let count = min(onDisk, tokens.count - 1)
            if count >= known + SavedPrefixes.leastTokens {
                if let cache = saved.restore(place, count: count, make: make) {
                    if let unused = hit?.cache { memory.put(unused, tokens: Array(tokens.prefix(unused.count))) }
                    found.cache = cache
                    found.restored = count
                } else {
                    onDisk = 0
                }
            }
        }
        let wanted = saved.keeps == .everyPrompt ? tokens.count : hit?.parts == true ? known : 0
        // What is on disk almost whole is not written once more.
        if wanted >= SavedPrefixes.leastTokens, onDisk < wanted - wanted / 16 { found.savedLength = wanted }
        return found
    }

    /// Keeps the cache of a finished request in memory, under the tokens it holds.
    mutating func put(_ cache: KeyValueCache, tokens: [Int]) { memory.put(cache, tokens: tokens) }

    /// Writes a beginning of a sequence to the disk; what it takes of the cache is copied at once, the rest happens on
    /// another thread. Where there is no memory for the copy, nothing is saved.
    mutating func save(_ tokens: ArraySlice<Int>, of cache: KeyValueCache, make: () throws -> KeyValueCache) {
        guard let saved, tokens.count <= cache.count, let copy = try? make() else { return }
        do {
            try copy.copyPrefix(from: cache, count: tokens.count)
            let contents = try copy.contents()
            let layout = copy.layout
            let tokens = Array(tokens)
            let earlier = writing
            writing = Task.detached(priority: .utility) {
                await earlier?.value
                saved.save(tokens, contents: contents, layout: layout)
            }
        } catch {
            return
        }
    }

    /// What to wait for until everything is written; nil where nothing was.
    mutating func takeWriting() -> Task<Void, Never>? {
        defer { writing = nil }
        return writing
    }
}

public import ModelFormats
public import Tensors

/// What a decoder's tokens cost at least, counted from the shapes of its weights: the operations that a prompt takes
/// and the bytes that an answer reads. A speed is judged by what the machine could do with these.
///
/// Bytes of weights are those of the file's types, whatever the layout in memory adds to them. Of experts only those
/// that a token is sent to count.
public struct TokenCost: Sendable, Equatable {
    /// Operations, a product and its addition being two: of bytes (quantised weights and activations) and of floats.
    public struct Operations: Sendable, Equatable {
        /// Of quantised weights with quantised activations.
        public var bytes: Double
        /// Of float weights, and of attention.
        public var floats: Double
    }

    /// Bytes of weights that one step reads.
    public let weightBytes: Double
    private let blocks: Operations
    private let output: Operations
    /// Operations of one layer's attention for each position that a query sees.
    private let attention: Double
    /// For each layer how many positions a query sees at most.
    private let windows: [Int]

    /// Counts; reads no weights.
    public init(file: ModelFile, precision: Precision) {
        let c = file.configuration
        var blocks = Operations(bytes: 0, floats: 0), output = blocks
        var bytes = 0.0
        let head = file.tensor("output.weight") == nil ? "token_embd.weight" : "output.weight"
        let experts = Self.shareOfExperts(file)
        for tensor in file.tensors where tensor.dimensions.count > 1 {
            let inBlock = tensor.name.hasPrefix("blk.")
            guard inBlock || tensor.name == head else { continue }
            let share = tensor.dimensions.count > 2 ? experts : 1
            let operations = 2 * Double(tensor.elementCount) * share
            let isQuantised = precision == .integer && tensor.type.blockLength > 1
            bytes += Double(precision == .exact ? 4 * tensor.elementCount : tensor.byteCount) * share
            let part = Operations(bytes: isQuantised ? operations : 0, floats: isQuantised ? 0 : operations)
            if inBlock { blocks.add(part) } else { output.add(part) }
        }
        weightBytes = bytes
        self.blocks = blocks
        self.output = output
        attention = 2 * Double(c.headCount) * Double(c.keyLength + c.valueLength)
        windows = (0..<c.blockCount).map { layer in
            let isWindowed = c.windowedLayers.indices.contains(layer) ? c.windowedLayers[layer] : true
            return isWindowed ? c.slidingWindow ?? .max : .max
        }
    }

    /// The share of a layer's experts that a token is sent to.
    private static func shareOfExperts(_ file: ModelFile) -> Double {
        func number(_ ending: String) -> Double? {
            file.metadata.first { $0.key.hasSuffix(ending) }?.value.integer.map(Double.init)
        }
        guard let used = number(".expert_used_count"), let all = number(".expert_count"), all > 0 else { return 1 }
        return min(1, used / all)
    }

    /// What a prompt of so many tokens takes, the logits of its last position included.
    public func operations(ofPrompt tokens: Int) -> Operations {
        var result = output
        result.bytes += blocks.bytes * Double(tokens)
        result.floats += blocks.floats * Double(tokens)
        result.floats += attention * seen(0..<tokens)
        return result
    }

    /// What is read for answers at these positions, one step for each: all weights, and keys and values of what the
    /// position sees.
    /// - Parameter cacheBytes: of one position in all layers.
    public func bytes(ofSteps positions: Range<Int>, cacheBytes: Double) -> Double {
        Double(positions.count) * weightBytes + seen(positions) * cacheBytes / Double(max(1, windows.count))
    }

    /// Sum over positions and layers of how many positions are seen.
    private func seen(_ positions: Range<Int>) -> Double {
        windows.reduce(0) { sum, window in
            sum + positions.reduce(0) { $0 + Double(min($1 + 1, window)) }
        }
    }
}

extension TokenCost.Operations {
    fileprivate mutating func add(_ other: TokenCost.Operations) {
        bytes += other.bytes
        floats += other.floats
    }
}

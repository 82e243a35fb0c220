public import ModelFormats
public import Tensors

/// A decoder of the llama, qwen2 and qwen3 families with its weights in memory, ready to compute.
///
/// Immutable after loading and shared by all who compute with it; what changes lies in a `KeyValueCache` per sequence
/// and a `Workspace` per computing loop.
public final class TransformerModel: Sendable {
    /// The architectures that have a forward pass here.
    public static let supportedArchitectures: [Architecture] = [.llama, .qwen2, .qwen3]

    /// The published hyperparameters.
    public let configuration: ModelConfiguration
    /// How weights were taken in.
    public let precision: Precision
    let weights: TransformerWeights
    let rope: RopeTable
    /// What is laid beside the weights, if anything.
    let adapter: AdapterWeights?

    /// Reads and repacks all weights. Takes about as long as reading the file; memory is that of the file (exact: 4
    /// bytes a weight).
    /// - Throws: `TransformerError` for what cannot be computed, the file's own errors for what cannot be read.
    public init(
        file: ModelFile, precision: Precision = .integer,
        progress: @escaping (String, Int, Int) -> Void = { _, _, _ in }
    ) throws {
        let configuration = file.configuration
        guard Self.supportedArchitectures.contains(configuration.architecture) else {
            throw TransformerError.unsupportedArchitecture(
                found: configuration.architecture.rawValue, known: Self.supportedArchitectures.map(\.rawValue))
        }
        self.configuration = configuration
        self.precision = precision
        rope = RopeTable(configuration: configuration)
        weights = try WeightReader(file: file, precision: precision, progress: progress).decoder()
        adapter = nil
    }

    /// The same weights with an adapter; an adapter that the base has is left out.
    init(base: TransformerModel, adapter: AdapterWeights) {
        configuration = base.configuration
        precision = base.precision
        rope = base.rope
        weights = base.weights
        self.adapter = adapter
    }

    /// Rows of the embedding matrix: ids from 0 to one less are valid input.
    public var vocabularySize: Int { weights.embedding.rows }

    /// Bytes of the weights in memory, an adapter's included.
    public var residentBytes: Int { weights.residentBytes + (adapter?.residentBytes ?? 0) }

    /// An empty cache for one sequence.
    public func makeCache() throws -> KeyValueCache {
        try KeyValueCache(
            layers: configuration.blockCount, kvHeads: configuration.kvHeadCount,
            keyLength: configuration.keyLength, valueLength: configuration.valueLength)
    }

    /// The window of a layer: how many positions, itself included, a position looks back at; nil for all.
    func window(ofLayer layer: Int) -> Int? {
        let windowed = configuration.windowedLayers
        return windowed.indices.contains(layer) && !windowed[layer] ? nil : configuration.slidingWindow
    }
}

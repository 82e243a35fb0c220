public import ModelFormats
public import Tensors

/// A decoder of any known architecture with its weights in memory, ready to compute.
///
/// Immutable after loading and shared by all who compute with it; what changes lies in a `KeyValueCache` per sequence
/// and a `Workspace` per computing loop.
public final class TransformerModel: Sendable {
    /// The architectures that have a forward pass here.
    public static let supportedArchitectures: [Architecture] = Architecture.decoders

    /// The published hyperparameters.
    public let configuration: ModelConfiguration
    /// How weights were taken in.
    public let precision: Precision
    /// How its caches keep keys and values.
    public let cacheElement: KeyValueCache.Element
    let weights: TransformerWeights
    /// Angles of all layers, and of those with a window where they have angles of their own.
    let rope: RopeTable, localRope: RopeTable?
    /// What is laid beside the weights, if anything.
    let adapter: AdapterWeights?

    /// Reads and repacks all weights. Takes about as long as reading the file; memory is that of the file (exact: 4
    /// bytes a weight).
    /// - Parameters:
    ///   - cacheElement: how caches keep keys and values; nil for what suits the precision.
    ///   - threads: that read and repack.
    ///   - progress: called after each tensor with its name, how many are read and how many there are.
    /// - Throws: `TransformerError` for what cannot be computed, the file's own errors for what cannot be read.
    public init(
        file: ModelFile, precision: Precision = .integer, cacheElement: KeyValueCache.Element? = nil, threads: Int = 1,
        progress: @escaping (String, Int, Int) -> Void = { _, _, _ in }
    ) throws {
        let configuration = file.configuration
        guard Self.supportedArchitectures.contains(configuration.architecture) else {
            throw TransformerError.unsupportedArchitecture(
                found: configuration.architecture.rawValue, known: Self.supportedArchitectures.map(\.rawValue))
        }
        self.configuration = configuration
        self.precision = precision
        self.cacheElement = cacheElement ?? precision.cacheElement
        rope = RopeTable(configuration: configuration)
        localRope = RopeTable(localLayersOf: configuration)
        weights = try WeightReader(file: file, precision: precision, threads: threads, progress: progress)
            .decoder()
        adapter = nil
    }

    /// The same weights with an adapter; an adapter that the base has is left out.
    init(base: TransformerModel, adapter: AdapterWeights) {
        configuration = base.configuration
        precision = base.precision
        cacheElement = base.cacheElement
        rope = base.rope
        localRope = base.localRope
        weights = base.weights
        self.adapter = adapter
    }

    private init(base: TransformerModel, configuration: ModelConfiguration) {
        self.configuration = configuration
        precision = base.precision
        cacheElement = base.cacheElement
        rope = RopeTable(configuration: configuration)
        localRope = base.localRope
        weights = base.weights
        adapter = base.adapter
    }

    /// The same model for sequences of at most so many positions, with the same weights in memory.
    ///
    /// It computes otherwise with LongRoPE alone (phi3): up to the trained length with one set of frequencies, beyond
    /// with another. The set is chosen here, once, and not when a sequence grows beyond: what was computed before
    /// would have to be computed anew, or the answer would depend on how the text was cut. Caches of the two belong
    /// to one model each.
    public func limited(to positions: Int) -> TransformerModel {
        guard case .longRope = configuration.ropeScaling, positions < configuration.contextLength, positions > 0 else {
            return self
        }
        var limited = configuration
        limited.contextLength = positions
        return TransformerModel(base: self, configuration: limited)
    }

    /// Whether LongRoPE's frequencies are those for sequences beyond the trained length.
    public var usesLongFactors: Bool {
        guard case .longRope(let rope) = configuration.ropeScaling else { return false }
        return configuration.contextLength > rope.originalContextLength
    }

    /// Rows of the embedding matrix: ids from 0 to one less are valid input.
    public var vocabularySize: Int { weights.embedding.rows }

    /// Bytes of the weights in memory, an adapter's included.
    public var residentBytes: Int { weights.residentBytes + (adapter?.residentBytes ?? 0) }

    /// The window of a layer: how many positions, itself included, a position looks back at; nil for all.
    func window(ofLayer layer: Int) -> Int? {
        let windowed = configuration.windowedLayers
        return windowed.indices.contains(layer) && !windowed[layer] ? nil : configuration.slidingWindow
    }
}
